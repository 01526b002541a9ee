/**
 * Marks: a person's word to whoever deploys, left in the state store by another process. A deployment that runs reads them;
 * nobody needs its lock to leave one. A mark is known by what it is about: said twice, the first counts.
 */
import { digestOf } from '../base/hash.js'

/** Who said it, and when. */
interface Said {
  readonly by: string
  /** ISO 8601. */
  readonly at: string
  readonly reason: string | null
}

/** A step that waits for a person may go on. */
export interface StepApproval extends Said {
  readonly kind: 'approveStep'
  readonly deployment: string
  readonly step: string
}

/** A deployment is to end here and to be undone. */
export interface Abort extends Said {
  readonly kind: 'abort'
  readonly deployment: string
}

export type Mark = StepApproval | Abort

/** The same for every mark that says the same, whoever says it: 16 hexadecimal digits. */
export function markName({ by: _by, at: _at, reason: _reason, ...about }: Mark): string {
  return digestOf(about).slice(-16)
}
