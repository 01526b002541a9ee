/** One record a deployment: who did what, when, and how it ended. */
import type { ChangeKind } from './change.js'
import type { Failure, HostFailure, Outcome } from './outcome.js'
import type { OutcomeKind } from './journal.js'
import type { PlanCommand } from './plan.js'

export interface HistoryRecord {
  readonly type: 'deployctl-deployment'
  readonly format: 1
  readonly deployment: string
  readonly project: string
  readonly environment: string
  readonly command: PlanCommand
  readonly by: string
  readonly host: string
  readonly startedAt: string
  readonly endedAt: string
  readonly planId: string
  /** The state's serial after this deployment. */
  readonly serial: number
  readonly outcome: OutcomeKind
  readonly services: readonly {
    readonly service: string
    readonly kind: ChangeKind
    readonly before: string | null
    readonly after: string | null
    readonly outcome: OutcomeKind
  }[]
  /** Hosts that failed alone and keep what they had. Absent where none did. */
  readonly lagging?: readonly HostFailure[]
  readonly failures: readonly Failure[]
  readonly warnings: readonly Failure[]
  readonly leftovers: Outcome['leftovers']
  readonly stuck: readonly Failure[]
  readonly unhealthy: readonly Failure[]
  /** Who let the deployment go on where it waited for a person, in the order of the steps. */
  readonly approvals?: readonly {
    readonly step: string
    readonly at: string
    readonly by: string
    readonly reason: string | null
  }[]
  readonly durationMs: number
  readonly unwindMs: number
}
