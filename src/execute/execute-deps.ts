/** What an execution of a plan is given: what performs, what remembers, what may end it, and where it begins. */
import type { ErrorReport } from '../base/deploy-error.js'
import type { Clock } from '../model/clock.js'
import type { Emit } from '../model/event.js'
import type { JournalEntry, Lane, StepStatus } from '../model/journal.js'
import type { Performers } from './perform.js'

export interface ExecuteDeps {
  readonly performers: Performers
  readonly journal: { append(entry: JournalEntry): Promise<void> }
  /** Empty for a new deployment; from the journal for one that is taken up again. */
  readonly statuses: Map<string, StepStatus>
  readonly clock: Clock
  readonly emit: Emit
  readonly deployment: string
  /** A person's INT, TERM or HUP: cancel, undo, and end. */
  readonly interrupt: AbortSignal
  /** The lock is no longer ours: stop, undo nothing, leave the journal. */
  readonly lost: AbortSignal
  /** What to undo from the start: `recover --unwind`, and services that were being undone when the process died. */
  readonly undos: readonly Undo[]
  /** A person has allowed it: what cannot be undone is left as it is and told of, and the rest is undone all the same. */
  readonly allowsLeftovers: boolean
}

export interface Undo {
  readonly services: readonly string[] | 'all'
  /** Single hosts of services. */
  readonly lanes?: readonly Lane[]
  readonly failedStep: string | null
  readonly cause: ErrorReport
}
