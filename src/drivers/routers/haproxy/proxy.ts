/** What a switch needs of an HAProxy, whosever it is: asking it, and making its world last. */
import type { Clock } from '../../../model/clock.js'
import type { OperationContext } from '../../../model/target.js'
import type { Ask } from './runtime-socket.js'
import type { SlotRecord } from './slot-record.js'

export interface Proxy {
  readonly ask: Ask
  readonly backend: string
  /** How people know it: `HAProxy at /run/haproxy/admin.sock`. */
  readonly called: string
  /** What is wrong with it beside its slots, in a sentence; null when nothing is. Throws NotRunning. */
  trouble(signal: AbortSignal): Promise<string | null>
  /**
   * Makes it run, and run as its options say; `started` when it did not before, and so has the world of `record` already.
   * An HAProxy of others that does not run is an error.
   */
  ensure(
    record: SlotRecord,
    atStart: SlotRecord,
    context: OperationContext,
  ): Promise<'was running' | 'started'>
  /** Writes the slots down where HAProxy reads them when it starts. */
  persist(record: SlotRecord): Promise<void>
  /** Whether a process that a reload has replaced still has connections open. */
  hasPredecessors(signal: AbortSignal): Promise<boolean>
  /** For one that runs for this service alone: lets it finish what is open and end. Throws NotRunning. */
  end?(context: OperationContext): Promise<void>
}

export interface Place {
  readonly proxy: Proxy
  readonly clock: Clock
  /** Of our notes. */
  readonly folder: string
  readonly longLived: 'close' | 'wait'
}
