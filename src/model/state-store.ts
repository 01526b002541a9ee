/** The contract of a state store: state, lock, journals and history of a project's environments. */
import type { DriverSpec } from './spec.js'
import type { HistoryRecord } from './history.js'
import type { JournalEntry, JournalFile, JournalHeader } from './journal.js'
import type { JsonSchema } from './schema.js'
import type { Mark } from './mark.js'
import type { Ports } from './ports.js'
import type { RecordedState } from './state.js'

export interface LockHolder {
  readonly id: string
  readonly by: string
  readonly host: string
  readonly pid: number
  readonly operation: string
  readonly created: string
  readonly heartbeat: string
  /** `dead`: a process of this machine that is gone. `unknown`: of another machine, so it cannot be told. */
  readonly liveness: 'alive' | 'dead' | 'unknown'
}

export interface HeldLock {
  readonly id: string
  /** The holder whose process was gone and whose lock was taken over, for a notice. */
  readonly tookOver: LockHolder | null
  /** Aborts when the lock is no longer ours (somebody unlocked it): stop at once. */
  readonly lost: AbortSignal
  release(): Promise<void>
}

export interface JournalWriter {
  /** Returns when the line is on disk; appends that arrive together share one flush. */
  append(entry: JournalEntry): Promise<void>
  close(): Promise<void>
}

export interface StateStore {
  /** Every environment that there is a state or a journal of. */
  environments(): Promise<readonly string[]>
  read(environment: string): Promise<RecordedState | null>
  /** Writes `next` when the stored serial is still `expectedSerial` (null: there is no state yet). PLAN_STALE otherwise. */
  writeIf(expectedSerial: number | null, next: RecordedState): Promise<void>

  /** LOCKED, with the holder in the details, when another process has it (after waiting `waitMs`). */
  lock(
    environment: string,
    request: { readonly operation: string; readonly by: string; readonly waitMs: number },
    signal: AbortSignal,
  ): Promise<HeldLock>
  lockHolder(environment: string): Promise<LockHolder | null>
  /** Removes another's lock. The id must be its id. */
  breakLock(environment: string, id: string): Promise<LockHolder>

  createJournal(header: JournalHeader): Promise<JournalWriter>
  /** For recovery: drops a torn last line, then appends after it. */
  reopenJournal(environment: string, deployment: string): Promise<JournalWriter>
  /** Null when there is no such journal (any more). */
  readJournal(environment: string, deployment: string): Promise<JournalFile | null>
  /** Deployments whose journal has no end, oldest first. Cheap: read by every command. */
  unfinished(environment: string): Promise<readonly string[]>

  appendHistory(record: HistoryRecord): Promise<void>
  /** Newest first; of two records of one deployment the later one counts. */
  readHistory(environment: string, limit: number): Promise<readonly HistoryRecord[]>

  /** Leaves a mark, without any lock. When the same was said before, that stays and is the answer; null otherwise. */
  leaveMark(environment: string, mark: Mark): Promise<Mark | null>
  readMarks(environment: string): Promise<readonly Mark[]>
  /** Also when it is gone already. */
  removeMark(environment: string, mark: Mark): Promise<void>

  /** A random key beside the state, made when first asked for; signs saved plans. */
  planKey(): Promise<Uint8Array>
}

export interface StateStoreDriver {
  readonly type: string
  readonly schema: JsonSchema
  create(options: DriverSpec, ports: Ports): StateStore
}
