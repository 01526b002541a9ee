/** How a deployment ended. A failed deployment is an outcome, not an exception. */
import type { ErrorReport } from '../base/deploy-error.js'
import type { OutcomeKind } from './journal.js'

export interface Failure {
  /** The step that failed, or null when the deployment was interrupted from outside. */
  readonly step: string | null
  readonly service: string | null
  readonly error: ErrorReport
}

/** A failure that stayed on its host. */
export interface HostFailure extends Failure {
  readonly service: string
  readonly host: string
}

export interface Outcome {
  /** The worst of what happened: stuck over unwound over applied. */
  readonly kind: OutcomeKind
  /** What became of each service of the plan. */
  readonly services: { readonly [service: string]: OutcomeKind }
  /** Hosts that failed alone and were left as they were, of services that were applied on the others. */
  readonly lagging: readonly HostFailure[]
  /** What went wrong first, and then whatever else did. Empty when all was applied. */
  readonly failures: readonly Failure[]
  /** Failures that were tolerated: prune, hooks with `onFailure: continue`, a check of the old release. */
  readonly warnings: readonly Failure[]
  /** Steps that had begun and cannot be undone: their titles and why. */
  readonly leftovers: readonly { readonly step: string; readonly reason: string }[]
  /** Reverts that failed: where a person is needed. */
  readonly stuck: readonly Failure[]
  /** Services whose old release does not answer its checks after the unwind. */
  readonly unhealthy: readonly Failure[]
  /** The journal could not be written any more: what was done was undone all the same, but it is not on record. */
  readonly unjournalled: ErrorReport | null
  readonly durationMs: number
  /** Time spent undoing, part of durationMs; 0 when nothing was undone. */
  readonly unwindMs: number
}
