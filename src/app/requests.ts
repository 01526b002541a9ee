/** What commands ask of the use cases, and what they get back. */
import type { AgentDesk, Finding } from '../model/agent.js'
import type { CacheEntry, CacheLimits, Pruned } from '../model/cache.js'
import type { Emit, OutputLine } from '../model/event.js'
import type { Examination } from '../model/host.js'
import type { HistoryRecord } from '../model/history.js'
import type { JournalFile } from '../model/journal.js'
import type { Mark } from '../model/mark.js'
import type { LockHolder } from '../model/state-store.js'
import type { Notification } from '../model/notifier.js'
import type { Observation } from '../model/target.js'
import type { Outcome } from '../model/outcome.js'
import type { Plan, Step } from '../model/plan.js'
import type { Freeze, Hold, Pin, RecordedState } from '../model/state.js'
import type { Command } from '../model/spec.js'
import type { CopyListener, ExecRequest, ExecResult, LogsRequest } from './look-inside.js'
import type { HostSelection } from '../model/host-spec.js'
import type { ErrorReport } from '../base/deploy-error.js'

export interface PlanRequest {
  /** Only these services (an unknown name is an error); none means all. Naming one also tries its held releases again. */
  readonly services: readonly string[]
  /** Only these hosts: all others keep what they have, and what is theirs to have is written down. */
  readonly only?: HostSelection
  /** The agent's: held releases, by digest, whose next try is due. Given, a name alone tries nothing again. */
  readonly tryAgain?: readonly string[]
  /** The agent's: services whose source cannot be asked. They keep what runs, and what is there is put right. */
  readonly stay?: readonly string[]
}

export interface RollbackRequest extends PlanRequest {
  /** The version to go to; null for the previous good release. */
  readonly to: string | null
}

/** How a plan that a person asked for is carried out. */
export interface Execution {
  /** Asked once, with the plan, under the lock. False declines. */
  readonly confirm: (plan: Plan) => Promise<boolean>
  /** Whether `confirm` may say no: then nothing is made ready before it has said yes. */
  readonly asks: boolean
  /** Kinds of risk allowed by name: `irreversible`; and `leftovers`, when a recovery is stuck. */
  readonly allow: readonly string[]
  readonly lockWaitMs: number
  readonly emit: Emit
  /** Things to tell while at it: a lock taken over, a notifier that failed. */
  readonly notice: (message: string) => void
  /** Who delivers notifications; without it they are delivered before the deployment ends. */
  readonly tell?: (notification: Notification) => void
}

export type DeployResult =
  | { readonly kind: 'nothing'; readonly plan: Plan }
  | { readonly kind: 'declined'; readonly plan: Plan }
  | {
      readonly kind: 'done'
      readonly plan: Plan
      readonly deployment: string
      readonly outcome: Outcome
      /** The state could not be written: lock and journal stay; `recover` finishes it. */
      readonly unrecorded: ErrorReport | null
    }

export interface AbortRequest {
  /** The id, or how it begins; null for the one that is under way. */
  readonly deployment: string | null
  readonly reason: string | null
}

/** `deployment` may also be what the agent found: a service, or the digest of a release. */
export interface ApproveRequest extends AbortRequest {
  /** The id of a step; null for the one that waits. */
  readonly step: string | null
}

/** A change that the agent found, and does not deploy before a person says so. */
export interface WaitingChange {
  readonly service: string
  /** Both null where the service is to be taken away. */
  readonly version: string | null
  readonly digest: string | null
  readonly since: string
  /** Why the agent wants it. */
  readonly reason: string | null
  readonly approvedBy: string | null
}

export interface ApprovedChange {
  readonly service: string
  readonly version: string | null
  readonly digest: string | null
  readonly by: string
  readonly at: string
  readonly isFirst: boolean
}

export type Approved =
  | ({ readonly kind: 'step'; readonly step: Step } & MarkAnswer)
  | { readonly kind: 'changes'; readonly changes: readonly ApprovedChange[] }

/** A canary that was interrupted while it had a part of the traffic. */
export interface UnfinishedCanary {
  readonly deployment: string
  readonly services: readonly string[]
  readonly by: string
  /** When it began; ISO 8601. */
  readonly at: string
}

/** What became of a word to a running deployment. */
export interface MarkAnswer {
  readonly deployment: string
  /** What counts: what was said before, when it was. */
  readonly mark: Mark
  readonly isFirst: boolean
  /** `ended`: the deployment had come to its end before it could hear. */
  readonly heard: 'heard' | 'not yet' | 'ended'
}

export interface ServiceStatus {
  readonly service: string
  /** Whether deploy.yaml (still) has it. */
  readonly configured: boolean
  readonly version: string | null
  readonly digest: string | null
  readonly since: string | null
  readonly deployment: string | null
  readonly pin: Pin | null
  readonly holds: readonly Hold[]
  /** One for every host that it runs on or should. */
  readonly hosts: readonly HostStatus[]
}

export interface HostStatus {
  readonly host: string
  /** By the record. */
  readonly version: string | null
  /** Why it has not got the service's version, in a sentence; null where it has. */
  readonly behind: string | null
  readonly observation: Observation | null
  /** Why it could not be looked at. */
  readonly problem: ErrorReport | null
}

export interface StatusReport {
  readonly project: string
  readonly environment: string
  readonly serial: number | null
  readonly services: readonly ServiceStatus[]
  readonly lock: LockHolder | null
  /** Deployments that were interrupted or are stuck. */
  readonly unfinished: readonly string[]
  /** Steps of a deployment under way that wait for a person. */
  readonly waiting: readonly { readonly deployment: string; readonly step: string; readonly title: string }[]
  /** What the agent found and may not deploy before a person says so. */
  readonly approvals: readonly WaitingChange[]
  /** While there is one, nothing is deployed by itself. */
  readonly freeze: Freeze | null
  readonly last: HistoryRecord | null
}

export interface ReleaseRow {
  readonly service: string
  readonly version: string
  readonly digest: string | null
  readonly status: 'active' | 'previous' | 'staged' | 'available' | 'broken'
  readonly held: Hold | null
  readonly pinned: boolean
  /** Whether its files lie on the target, so that a rollback needs no source. */
  readonly onTarget: boolean
  readonly deployedAt: string | null
  readonly publishedAt: string | null
}

export interface ReleasesReport {
  readonly rows: readonly ReleaseRow[]
  /** Sources that could not be asked; the rest is shown all the same. */
  readonly problems: readonly { readonly service: string; readonly error: ErrorReport }[]
}

/** Something in the cache, and which recorded releases and deployments need it: `staging: web v1.4.2`. */
export interface CacheRow extends CacheEntry {
  readonly neededBy: readonly string[]
}

export interface CacheReport {
  readonly rows: readonly CacheRow[]
  readonly limits: CacheLimits
}

export interface DeploymentStory {
  readonly record: HistoryRecord | null
  readonly journal: JournalFile | null
}

/** A command on hosts, and which. */
export interface RunRequest extends HostSelection {
  readonly command: Command
}

export interface HostRunListener {
  /** Before anything runs. */
  onHosts(names: readonly string[]): void
  onLine(host: string, line: OutputLine): void
}

/** How the command ended on one host. */
export interface HostRun {
  readonly host: string
  readonly exitCode: number | null
  /** What ended it, where it did not exit. */
  readonly signal: string | null
  /** Why it could not be run. */
  readonly problem: ErrorReport | null
}

export interface HostHealth {
  readonly host: string
  readonly examination: Examination | null
  /** Why it could not be looked at. */
  readonly problem: ErrorReport | null
  /** Sentences; none means that it is fit. */
  readonly troubles: readonly string[]
}

/** The use cases, one file each. `recover`'s direction null means: say what there is, and what either way would do. */
export interface UseCases {
  planRelease(request: PlanRequest, signal: AbortSignal): Promise<Plan>
  planRollback(request: RollbackRequest, signal: AbortSignal): Promise<Plan>
  /** Text of a saved plan; see SavedPlan. */
  savePlan(plan: Plan): Promise<string>
  deploy(request: PlanRequest, execution: Execution, signal: AbortSignal): Promise<DeployResult>
  /** Exactly the saved plan (`text` as in the file), without a question; refused when stale, tampered with or too old. */
  deploySaved(text: string, execution: Execution, signal: AbortSignal): Promise<DeployResult>
  rollBack(request: RollbackRequest, execution: Execution, signal: AbortSignal): Promise<DeployResult>
  /** Starts what is recorded of a service anew. */
  restart(service: string, execution: Execution, signal: AbortSignal): Promise<DeployResult>
  /** What copies of a service say; until the signal, where they are followed. */
  showLogs(request: LogsRequest, listener: CopyListener, signal: AbortSignal): Promise<void>
  /** Runs a command in a copy of a service. */
  execInside(request: ExecRequest, listener: CopyListener, signal: AbortSignal): Promise<ExecResult>
  recover(direction: 'resume' | 'unwind', execution: Execution, signal: AbortSignal): Promise<DeployResult>
  /** To a deployment that runs in another process, or to what the agent found. */
  approve(request: ApproveRequest, signal: AbortSignal): Promise<Approved>
  /** To a deployment that runs in another process. */
  abort(request: AbortRequest, signal: AbortSignal): Promise<MarkAnswer>
  unfinishedCanary(): Promise<UnfinishedCanary | null>
  showStatus(signal: AbortSignal): Promise<StatusReport>
  showHistory(limit: number): Promise<readonly HistoryRecord[]>
  showDeployment(id: string): Promise<DeploymentStory>
  listReleases(services: readonly string[], signal: AbortSignal): Promise<ReleasesReport>
  pin(service: string, version: string | null, reason: string): Promise<RecordedState>
  unpin(service: string): Promise<RecordedState>
  /** A release (the active one unless given) that must not be deployed again by itself. */
  hold(service: string, version: string | null, reason: string, signal: AbortSignal): Promise<Hold>
  /** Lifts the holds of a version, or all of a service; answers those lifted. */
  unhold(service: string, version: string | null): Promise<readonly Hold[]>
  freeze(reason: string, until: Date | null): Promise<Freeze>
  unfreeze(): Promise<void>
  /** Goes on until the signal, or until it is told to read deploy.yaml again. */
  /** What an agent would decide now; nothing is deployed. */
  lookOnce(signal: AbortSignal): Promise<readonly Finding[]>
  runAgent(desk: AgentDesk, signal: AbortSignal): Promise<'stopped' | 'reload'>
  unlock(id: string): Promise<LockHolder>
  runOnHosts(request: RunRequest, listener: HostRunListener, signal: AbortSignal): Promise<readonly HostRun[]>
  examineHosts(selection: HostSelection, signal: AbortSignal): Promise<readonly HostHealth[]>
  listCache(signal: AbortSignal): Promise<CacheReport>
  pruneCache(signal: AbortSignal): Promise<Pruned>
  /** Reads everything in the cache again; what is broken is removed. */
  verifyCache(onChecked: (entry: CacheEntry, sound: boolean) => void, signal: AbortSignal): Promise<void>
}
