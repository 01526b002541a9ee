/** A plan: the graph of steps that leads from the recorded and observed world to the desired one, and what it rests on. */
import type { Change, Drift } from './change.js'
import type { HostSelection, HostSpec } from './host-spec.js'
import type { Instance, InstanceId } from './instance.js'
import type { HookOperation, Operation, Revert } from './operation.js'
import type { DriverSpec, InstanceSpec } from './spec.js'
import type { Hold, Lag, Pin, RecordedService } from './state.js'

/** Something a person has to know before saying yes. `irreversible` has to be allowed by name. */
export interface Risk {
  readonly kind: 'irreversible' | 'removal' | 'firstDeployment' | 'unprovenRollback'
  readonly message: string
}

export interface Step {
  /** Unique within the plan and the same in every plan with this content. */
  readonly id: string
  readonly title: string
  /** The service it belongs to; null for hooks of the whole deployment. */
  readonly service: string | null
  readonly host: string | null
  /** Steps that must have succeeded before this one starts. */
  readonly needs: readonly string[]
  readonly apply: Operation
  readonly revert: Revert
  /** The host whose failure this step's is, where the others may go on without it; else it is its service's. */
  readonly lane?: string
  /** For the apply and, separately, for the revert. */
  readonly timeoutMs: number
  /** It is one of several steps in a row that have to be done in this time, counted from the one that begins them. */
  readonly progress?: { readonly deadlineMs: number; readonly begins: boolean }
  /** Its failure is reported and changes nothing: `prune`, and hooks with `onFailure: continue`. */
  readonly tolerant: boolean
  readonly risks: readonly Risk[]
}

/** Something the reader should know that is not a step: a held release passed over, a pin, an ignored folder. */
export interface Notice {
  readonly service: string | null
  readonly message: string
  readonly hint?: string
}

/** What the plan rests on. When any of it has moved, the plan is refused. */
export interface Basis {
  readonly lineage: string
  readonly serial: number
  readonly configDigest: string
  readonly observedDigest: string
}

/** What state will say of a service once the plan is applied; null when the service is gone. */
export interface ServiceOutcome {
  readonly active: readonly InstanceId[]
  /** Whether `active` is a new deployment, to be dated now, or the recorded one left as it is. */
  readonly deployed: boolean
  readonly previous: RecordedService['previous']
  /** Hosts that keep what they have, or nothing, although they should have `active`. Absent where none does. */
  readonly lagging?: readonly PlannedLag[]
  /** How long the release that is replaced stays up without traffic; 0 for not at all. */
  readonly keepWarmMs: number
  readonly holds: readonly PlannedHold[]
  readonly pin: PlannedPin | null
}
/** Holds and pins that the plan makes are dated when it is applied. */
export type PlannedHold = Hold | Omit<Hold, 'at' | 'by' | 'deployment'>
export type PlannedLag = Lag | Omit<Lag, 'at' | 'deployment'>
export type PlannedPin = Pin | Omit<Pin, 'at' | 'by'>

export type PlanCommand = 'apply' | 'rollback' | 'restart'

export interface Plan {
  readonly format: 1
  /** The digest of everything below. */
  readonly id: string
  readonly project: string
  readonly environment: string
  readonly command: PlanCommand
  readonly basis: Basis
  /** It was made for some hosts only, chosen by these words. Absent where it is for all. */
  readonly only?: HostSelection
  readonly changes: readonly Change[]
  readonly drift: readonly Drift[]
  readonly notices: readonly Notice[]
  readonly steps: readonly Step[]
  /** Checks that prove the old world after an unwind; run by the engine, not steps. */
  readonly afterUnwind: readonly Operation[]
  /** Hooks run after a failed deployment has been unwound. */
  readonly onFailure: readonly { readonly timeoutMs: number; readonly hook: HookOperation }[]
  readonly instances: { readonly [id: InstanceId]: Instance }
  readonly specs: { readonly [digest: string]: InstanceSpec }
  /** Those of the instances above that are reached over SSH, by name. Absent where there are none. */
  readonly hosts?: { readonly [name: string]: HostSpec }
  /** The sources of the releases above, so that another process can fetch them. */
  readonly sources: { readonly [name: string]: DriverSpec }
  readonly outcome: { readonly [service: string]: ServiceOutcome | null }
  /** Services that take over the record of another, which stood at the same place: new name → old name. */
  readonly renamed: { readonly [service: string]: string }
  readonly parallelism: number
  /** What becomes of hosts whose lane fails, by service. Absent where every failure is the service's. */
  readonly tolerance?: { readonly [service: string]: Tolerance }
  /** Which services are undone when one fails: itself and others. One that is not listed takes the whole deployment along. */
  readonly fate: { readonly [service: string]: readonly string[] }
}

export interface Tolerance {
  /** Hosts that may fail before the whole service has. */
  readonly maxFailures: number
}

/** A plan in a file: dated, signed with a key kept beside the state, and refused when any of that does not fit. */
export interface SavedPlan {
  readonly type: 'deployctl-plan'
  readonly format: 1
  readonly createdAt: string
  readonly createdBy: string
  readonly plan: Plan
  /** HMAC-SHA256 over the canonical text of all of the above, hexadecimal. */
  readonly signature: string
}
