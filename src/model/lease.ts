/** The contract of a lease: a small text that agents on several machines share, and change one at a time. */
import type { DriverSpec } from './spec.js'
import type { JsonSchema } from './schema.js'
import type { Ports } from './ports.js'

export interface LeaseText {
  readonly text: string
  /** What a change rests on: another one after every change. */
  readonly mark: string
}

export interface Lease {
  /** What stands there; null when nothing does. */
  read(signal: AbortSignal): Promise<LeaseText | null>
  /**
   * Writes when what stands there is still what was read under `mark` (null: nothing). False when somebody else was
   * quicker, and when it cannot be told: whoever wrote looks again.
   */
  writeIf(mark: string | null, text: string, signal: AbortSignal): Promise<boolean>
}

export interface LeaseDriver {
  readonly type: string
  readonly schema: JsonSchema
  /** `name` tells the leases of different projects and environments in one place apart: `shop/production`. */
  create(name: string, options: DriverSpec, ports: Ports): Lease
}
