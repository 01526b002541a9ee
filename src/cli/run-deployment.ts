/**
 * What apply, rollback and recover have in common: show the plan, ask, follow the deployment, tell how it ended.
 * The use case does the work; this is its face.
 */
import { DeployError, exitCodes, type ExitCode } from '../base/deploy-error.js'
import type { DeployResult, Execution } from '../app/requests.js'
import type { Plan } from '../model/plan.js'
import { ask } from './ask.js'
import type { CommandContext } from './command.js'
import { exitCodeOfResult } from './exit-code-of-result.js'
import { flagsOf, warn } from './open-session.js'
import { outcomeText } from './view/outcome-view.js'
import { planText } from './view/plan-view.js'
import { createProgressView } from './view/progress-view.js'
import type { EarlierStatuses } from './view/progress.js'

export interface DeploymentFace {
  /** Whether a yes is needed: not for a saved plan, nor for a direction that was named. */
  readonly asks: boolean
  readonly showsPlan: boolean
  readonly earlier: EarlierStatuses
  readonly unwindWanted: boolean
  /** How its good end is called in JSON where the command has more to do after it; each command has one `result`. */
  readonly prelude?: string
  readonly carryOut: (execution: Execution) => Promise<DeployResult>
}

/** A deployment that begins now, as apply and rollback do. */
export const freshFace = { asks: true, showsPlan: true, earlier: new Map(), unwindWanted: false } as const

export async function runDeployment(context: CommandContext, face: DeploymentFace): Promise<ExitCode> {
  const { options, terminal } = context
  const asks = face.asks && !options.autoApprove
  const plans = planPrinter(context, face.showsPlan && (asks || !options.quiet))
  const view = await createProgressView(terminal, options.quiet, face.earlier)
  const execution: Execution = {
    asks,
    confirm: async (plan) => {
      await plans.show(plan, '\n')
      return !asks || confirmed(context, plan)
    },
    allow: options.allow,
    lockWaitMs: options.lockTimeoutMs,
    emit: (event) => {
      if (event.type === 'deployment-started') plans.record(event.plan)
      view.handle(event)
    },
    notice: (message) => warn(context, message),
  }
  const result = await face.carryOut(execution).finally(() => view.end())
  if (result.kind === 'nothing') await plans.show(result.plan, '')
  return conclude(result, context, face)
}

function planPrinter({ terminal }: CommandContext, visible: boolean): PlanPrinter {
  let recorded = false
  const record = (plan: Plan): void => {
    if (!recorded) terminal.record('plan', { plan })
    recorded = true
  }
  return {
    record,
    async show(plan, gap) {
      record(plan)
      if (visible) terminal.out(`${await planText(plan, terminal.style)}${gap}`)
    },
  }
}

interface PlanPrinter {
  show(plan: Plan, gap: '' | '\n'): Promise<void>
  /** Its JSON line, once. A saved plan was reviewed when it was made, and is not shown again as text. */
  record(plan: Plan): void
}

const questions = {
  apply: 'Apply this to',
  rollback: 'Roll back this to',
  restart: 'Restart this on',
} as const

/** Only `yes` is a yes. */
async function confirmed({ terminal, signal }: CommandContext, plan: Plan): Promise<boolean> {
  if (!terminal.canAsk) {
    throw new DeployError(
      'DECLINED',
      'Nothing was changed: the plan needs a yes, and there is no terminal to ask on.',
      {
        hint:
          plan.command !== 'apply'
            ? 'add --auto-approve'
            : 'add --auto-approve, or save a plan with `deployctl plan --out FILE` and run `deployctl apply FILE`',
      },
    )
  }
  const question = `${questions[plan.command]} ${plan.environment}? Only "yes" is a yes: `
  const answer = await ask(terminal, question, signal)
  if (answer === null) terminal.out('')
  return answer === 'yes'
}

function conclude(result: DeployResult, context: CommandContext, face: DeploymentFace): ExitCode {
  const { terminal, options } = context
  const code = exitCodeOfResult(result, face.unwindWanted)
  const isLast = face.prelude === undefined || code !== exitCodes.done
  terminal.record(isLast ? 'result' : face.prelude, resultRecord(result, code))
  if (result.kind === 'declined') terminal.err('Declined; nothing was changed.')
  if (result.kind === 'nothing' && options.quiet) terminal.out('Nothing to do.')
  if (result.kind !== 'done') return code
  const good = code === exitCodes.done
  const text = outcomeText(result, {
    style: good ? terminal.style : terminal.errorStyle,
    flags: flagsOf(context),
    unwindWanted: face.unwindWanted,
    interruptedBy: context.signal.aborted ? nameOf(context.signal.reason) : null,
  })
  const spaced = options.quiet ? text : `\n${text}`
  if (good) terminal.out(spaced)
  else terminal.err(spaced)
  return code
}

function resultRecord(result: DeployResult, exitCode: ExitCode): object {
  const { kind, plan } = result
  if (kind !== 'done') return { kind, plan: plan.id, exitCode }
  const { deployment, outcome, unrecorded } = result
  return { kind, plan: plan.id, deployment, outcome, unrecorded, exitCode }
}

/** The signal's name, which main.ts puts into the message of the abort's reason. */
function nameOf(reason: unknown): string | null {
  return reason instanceof Error ? (/\bSIG[A-Z]+\b/.exec(reason.message)?.[0] ?? null) : null
}
