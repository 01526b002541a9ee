/**
 * Marks: words between a person and whoever deploys, left in the state store. A deployment that runs reads them, and so
 * does the agent; nobody needs a lock to leave one. A mark is known by what it is about: said twice, the first counts.
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

/** One change of one service, as the agent found it. */
interface FoundChange {
  readonly service: string
  /** Of the release and its settings: another one as soon as anything of the change is another. */
  readonly change: string
  /** Both null where the service is to be taken away. */
  readonly version: string | null
  readonly digest: string | null
}

/** The agent does not deploy this before a person says so. */
export interface ChangeWaits extends Said, FoundChange {
  readonly kind: 'changeWaits'
}

/** A person lets the agent deploy it. */
export interface ChangeApproval extends Said, FoundChange {
  readonly kind: 'approveChange'
}

export type Mark = StepApproval | Abort | ChangeWaits | ChangeApproval

/** The same for every mark that says the same, whoever says it: 16 hexadecimal digits. */
export function markName({ by: _by, at: _at, reason: _reason, ...about }: Mark): string {
  return digestOf(about).slice(-16)
}
