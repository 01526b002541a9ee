/** Runs the whole command line in this process: real parsing, views and streams; fake use cases. */
import { PassThrough } from 'node:stream'
import { runCli } from '../../../src/cli/run-cli.js'
import type { ConfigCheck, Services } from '../../../src/cli/services.js'
import type { DeployResult, Execution, UseCases } from '../../../src/app/requests.js'
import type { ExitCode } from '../../../src/base/deploy-error.js'
import type { DeploymentEvent } from '../../../src/model/event.js'
import type { Outcome } from '../../../src/model/outcome.js'
import type { Plan } from '../../../src/model/plan.js'
import type { StepEvent } from '../../../src/model/journal.js'

export const now = new Date('2026-03-01T12:00:00.000Z')

export interface CliRun {
  readonly code: ExitCode
  readonly out: string
  readonly err: string
  /** The JSON lines of standard output. */
  readonly records: () => readonly Record<string, unknown>[]
}

export interface CliSetting {
  readonly useCases?: Partial<UseCases>
  readonly check?: ConfigCheck
  readonly workingDirectory?: string
  readonly env?: { readonly [name: string]: string | undefined }
  /** What a person types; a terminal on all three streams when given. */
  readonly typed?: string
  readonly signal?: AbortSignal
  readonly mask?: (text: string) => string
}

class Screen extends PassThrough {
  isTTY?: boolean
  text = ''
  constructor(isTTY: boolean) {
    super()
    if (isTTY) this.isTTY = true
    this.on('data', (chunk: Buffer) => (this.text += chunk.toString()))
  }
}

/** A folder with a deploy.yaml, which the fakes never read. */
export const projectDirectory = new URL('.', import.meta.url).pathname + 'project'

export async function cli(argv: readonly string[], setting: CliSetting = {}): Promise<CliRun> {
  const terminal = setting.typed !== undefined
  const [input, output, errors] = [new Screen(terminal), new Screen(terminal), new Screen(terminal)]
  const code = await runCli(argv, {
    streams: { input, output, errors },
    env: { TERM: 'dumb', ...setting.env },
    services: services(setting, input),
    signal: setting.signal ?? new AbortController().signal,
  })
  const records = (): readonly Record<string, unknown>[] =>
    output.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
  return { code, out: output.text, err: errors.text, records }
}

function services({ useCases, check, workingDirectory, mask, typed }: CliSetting, input: Screen): Services {
  const masked = mask ?? ((text: string) => text)
  return {
    version: '0.1.0',
    workingDirectory: workingDirectory ?? projectDirectory,
    loadClock: () =>
      Promise.resolve({ now: () => now, monotonicMs: () => 0, sleep: () => Promise.resolve() }),
    shellOn: () => Promise.reject(new Error('unused')),
    open: ({ environment }) => {
      if (typed !== undefined) setTimeout(() => input.write(typed), 5)
      return Promise.resolve({
        useCases: { ...noUseCases(), ...useCases },
        project: 'shop',
        environment: environment ?? 'staging',
        agent: { call: () => Promise.resolve(null), follow: () => Promise.resolve(false) },
        agentMemory: { read: () => Promise.resolve(null), write: () => Promise.resolve() },
        agentDesk: () => {
          throw new Error('the test did not expect an agent')
        },
        user: 'ann@desk',
        now: () => now,
        mask: masked,
        maskAll: <T>(data: T) => JSON.parse(masked(JSON.stringify(data))) as T,
      })
    },
    validate: () =>
      Promise.resolve(check ?? { environment: 'staging', problems: [], warnings: [], merged: {} }),
  }
}

function noUseCases(): UseCases {
  const refuse = (name: string) => () => Promise.reject(new Error(`the test did not expect ${name}`))
  return {
    planRelease: refuse('planRelease'),
    planRollback: refuse('planRollback'),
    savePlan: refuse('savePlan'),
    deploy: refuse('deploy'),
    deploySaved: refuse('deploySaved'),
    rollBack: refuse('rollBack'),
    restart: refuse('restart'),
    showLogs: refuse('showLogs'),
    execInside: refuse('execInside'),
    recover: refuse('recover'),
    approve: refuse('approve'),
    abort: refuse('abort'),
    unfinishedCanary: () => Promise.resolve(null),
    showStatus: refuse('showStatus'),
    showHistory: refuse('showHistory'),
    showDeployment: refuse('showDeployment'),
    listReleases: refuse('listReleases'),
    pin: refuse('pin'),
    unpin: refuse('unpin'),
    hold: refuse('hold'),
    unhold: refuse('unhold'),
    freeze: refuse('freeze'),
    unfreeze: refuse('unfreeze'),
    lookOnce: refuse('lookOnce'),
    runAgent: refuse('runAgent'),
    unlock: refuse('unlock'),
    runOnHosts: refuse('runOnHosts'),
    examineHosts: refuse('examineHosts'),
    listCache: refuse('listCache'),
    pruneCache: refuse('pruneCache'),
    verifyCache: refuse('verifyCache'),
  }
}

export const deployment = '7f3a9c01'

/** A use case that shows the plan, asks, says what happens, and ends as told. */
export function deploys(
  plan: Plan,
  outcome: Outcome,
  happenings: readonly DeploymentEvent[],
  unrecorded: Extract<DeployResult, { kind: 'done' }>['unrecorded'] = null,
) {
  return async (_request: unknown, execution: Execution): Promise<DeployResult> => {
    if (!(await execution.confirm(plan))) return { kind: 'declined', plan }
    for (const event of happenings) execution.emit(event)
    return { kind: 'done', plan, deployment, outcome, unrecorded }
  }
}

/** Events of a deployment: its start, then step by step, a second apart. */
export function story(plan: Plan, steps: readonly Happening[]): readonly DeploymentEvent[] {
  const at = (index: number): string => new Date(now.getTime() + index * 1000).toISOString()
  return [
    { type: 'deployment-started', at: at(0), deployment, plan },
    ...steps.map((happening, index): DeploymentEvent => {
      if ('type' in happening) return { ...happening, at: at(index + 1) }
      const [step, event, message, code = 'CHECK_FAILED'] = happening
      return {
        type: 'step',
        at: at(index + 1),
        step: plan.steps[step - 1]!.id,
        event,
        ...(event.endsWith('started') ? {} : { durationMs: 1000 * step }),
        ...(message === undefined ? {} : { error: { code, message } }),
      }
    }),
  ]
}

type StepHappening = readonly [
  step: number,
  event: StepEvent,
  message?: string,
  code?: 'CHECK_FAILED' | 'CANCELLED',
]
type WithoutTime<E> = E extends DeploymentEvent ? Omit<E, 'at'> : never
export type Happening = StepHappening | WithoutTime<Exclude<DeploymentEvent, { type: 'step' }>>
