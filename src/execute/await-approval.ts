/** Waits until a person in another process has said that a step may go on, or gives up at its deadline. */
import { DeployError } from '../base/deploy-error.js'
import { formatDuration } from '../base/duration.js'
import type { Clock } from '../model/clock.js'
import type { Progress } from '../model/event.js'
import type { Mark, StepApproval } from '../model/mark.js'

/** Between two looks at the marks. */
const lookEveryMs = 1000

export interface AwaitedApproval {
  readonly environment: string
  readonly deployment: string
  readonly step: string
  readonly deadlineMs: number
  readonly readMarks: () => Promise<readonly Mark[]>
}

export async function awaitApproval(
  { environment, deployment, step, deadlineMs, readMarks }: AwaitedApproval,
  deps: {
    readonly clock: Clock
    readonly onProgress: (progress: Progress) => void
    readonly signal: AbortSignal
  },
): Promise<StepApproval> {
  const { clock, onProgress, signal } = deps
  const endMs = clock.monotonicMs() + deadlineMs
  const isMeant = (mark: Mark): mark is StepApproval =>
    mark.kind === 'approveStep' && mark.deployment === deployment && mark.step === step
  for (;;) {
    // A store that cannot be read for a while is no reason to take a good release away; the deadline is.
    const approval = (await readMarks().catch((): readonly Mark[] => [])).find(isMeant)
    signal.throwIfAborted()
    if (approval !== undefined) return approval
    const leftMs = endMs - clock.monotonicMs()
    if (leftMs <= 0)
      throw new DeployError('TIMEOUT', `nobody approved it within ${formatDuration(deadlineMs)}`)
    const label = `${formatDuration(leftMs)} left: deployctl approve ${deployment} --env ${environment}`
    onProgress({ done: 0, total: null, unit: 'tries', label })
    await clock.sleep(Math.min(lookEveryMs, leftMs), signal)
    signal.throwIfAborted()
  }
}
