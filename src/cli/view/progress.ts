/** What a view of a running deployment is; the views themselves are one file each beside this. */
import type { DeploymentEvent } from '../../model/event.js'
import type { StepStatus } from '../../model/journal.js'

export interface ProgressView {
  handle(event: DeploymentEvent): void
  /** To be awaited before anything else is printed; may be called twice. */
  end(): Promise<void>
}

/** Steps that an interrupted deployment had already gone through. */
export type EarlierStatuses = ReadonlyMap<string, StepStatus>

/** One event by its type. */
export type EventOf<T extends DeploymentEvent['type']> = Extract<DeploymentEvent, { readonly type: T }>
