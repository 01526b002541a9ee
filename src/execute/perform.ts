/** The only place where an operation meets the code that does it. A table, so that a new verb is a type error here. */
import type { Clock } from '../model/clock.js'
import type { Operation, OperationOf, Verb } from '../model/operation.js'
import type { Step } from '../model/plan.js'
import type { OperationContext } from '../model/target.js'
import type { RunLog } from './run-log.js'
import { within } from './within.js'

export type Performers = {
  readonly [V in Verb]: (operation: OperationOf<V>, context: OperationContext) => Promise<void>
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
    context: OperationContext,
  ) => Promise<void>
  await within(step.timeoutMs, signal, deps.clock, step.id, (inner) =>
    performer(operation, {
      signal: inner,
      deployment,
      onProgress: (progress) => log.emit({ type: 'step-progress', at: log.now(), step: step.id, progress }),
      onLine: (line) => log.emit({ type: 'step-output', at: log.now(), step: step.id, line }),
      onChild: (child) => log.append({ type: 'child', step: step.id, ...child }),
    }),
  )
}
