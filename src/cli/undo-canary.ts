/** Before a new deployment: a canary that was interrupted is undone, so that the old release has all traffic again. */
import { DeployError, exitCodes, type ExitCode } from '../base/deploy-error.js'
import { statusesOf } from '../model/journal.js'
import type { UnfinishedCanary, UseCases } from '../app/requests.js'
import { ask } from './ask.js'
import type { CommandContext } from './command.js'
import { runDeployment } from './run-deployment.js'
import { ago } from './view/relative-time.js'
import { paragraph } from './view/text-width.js'

/** `done` when there was none, or when it is undone whole: then the new deployment may begin. */
export async function undoCanary(context: CommandContext, useCases: UseCases, now: Date): Promise<ExitCode> {
  const canary = await useCases.unfinishedCanary()
  if (canary === null) return exitCodes.done
  const { terminal, signal } = context
  const { style } = terminal
  const { deployment, services, by, at } = canary
  terminal.record('canary-unfinished', canary)
  const says = `Deployment ${deployment} by ${by}, ${ago(at, now)}, was interrupted in the middle of a canary of ${services.join(', ')}. It is undone before anything new begins.`
  terminal.out(style.paint.careful(paragraph(says, style.width, 0, 2)))
  if (!(await agreed(context, canary))) {
    terminal.err('Declined; nothing was changed.')
    return exitCodes.declined
  }
  const { journal } = await useCases.showDeployment(deployment)
  const code = await runDeployment(context, {
    asks: false,
    showsPlan: false,
    earlier: statusesOf(journal?.entries ?? []),
    unwindWanted: true,
    prelude: 'canary-undone',
    carryOut: (execution) => useCases.recover('unwind', execution, signal),
  })
  terminal.out('')
  return code
}

async function agreed(
  { options, terminal, signal }: CommandContext,
  { deployment }: UnfinishedCanary,
): Promise<boolean> {
  if (options.autoApprove) return true
  if (!terminal.canAsk) {
    throw new DeployError(
      'DECLINED',
      `Nothing was changed: undoing deployment ${deployment} needs a yes, and there is no terminal to ask on.`,
      {
        hint: 'add --auto-approve, or choose with `deployctl recover --resume` or `deployctl recover --unwind`',
      },
    )
  }
  const answer = await ask(terminal, 'Undo it? Only "yes" is a yes: ', signal)
  if (answer === null) terminal.out('')
  return answer === 'yes'
}
