/** The only place where an operation meets the code that does it. A table, so that a new verb is a type error here. */
import type { Clock } from '../model/clock.js'
import type { StepApproval } from '../model/mark.js'
import type { Operation, OperationOf, Verb } from '../model/operation.js'
import type { Step } from '../model/plan.js'
import type { OperationContext } from '../model/target.js'
import type { RunLog } from './run-log.js'
import { within } from './within.js'

/** What a performer gets beside its operation; drivers need less. */
export interface PerformContext extends OperationContext {
  readonly step: string
  /** To be awaited before the step is done: who approved it goes on record. */
  readonly onApproval: (approval: StepApproval) => Promise<void>
}

export type Performers = {
  readonly [V in Verb]: (operation: OperationOf<V>, context: PerformContext) => Promise<void>
}

export interface PerformDeps {
  readonly performers: Performers
  readonly clock: Clock
  readonly log: RunLog
  readonly deployment: string
}

/** Does one operation of a step, within its time, and until `signal` aborts. */
export async function perform(
  operation: Operation,
  step: Pick<Step, 'id' | 'timeoutMs'>,
  deps: PerformDeps,
  signal: AbortSignal,
): Promise<void> {
  const { log, deployment } = deps
  // The table pairs each verb with its performer; TypeScript cannot follow that pairing through an index.
  const performer = deps.performers[operation.verb] as (
    operation: Operation,
    context: PerformContext,
  ) => Promise<void>
  await within(step.timeoutMs, signal, deps.clock, step.id, (inner) =>
    performer(operation, {
      signal: inner,
      deployment,
      step: step.id,
      onProgress: (progress) => log.emit({ type: 'step-progress', at: log.now(), step: step.id, progress }),
      onLine: (line) => log.emit({ type: 'step-output', at: log.now(), step: step.id, line }),
      onChild: (child) => log.append({ type: 'child', step: step.id, ...child }),
      onApproval: ({ at, by, reason }) => log.append({ type: 'approval', step: step.id, at, by, reason }),
    }),
  )
}
