/** What will happen to one service and why; and where the world is not what state says. */
import type { Release } from './release.js'
import type { Specified } from './spec.js'

export type ChangeKind = 'create' | 'update' | 'replace' | 'remove' | 'none'

export interface Side extends Specified {
  readonly release: Release
}

export interface Change {
  readonly service: string
  readonly kind: ChangeKind
  readonly before: Side | null
  readonly after: Side | null
  /** Shown to the user, one line each; never empty unless the kind is none. */
  readonly reasons: readonly string[]
}

/**
 * `link…`: what serves is not what is recorded; `release…` and `files…`: what lies there is not; `instance…`: one copy is
 * missing or ended, is not as it was made, or is there and should not be; `trafficMoved`: the router sends it elsewhere.
 */
export type DriftKind =
  | 'linkMoved'
  | 'linkMissing'
  | 'releaseMissing'
  | 'filesChanged'
  | 'instanceMissing'
  | 'instanceChanged'
  | 'instanceStray'
  | 'trafficMoved'

/** Observed differs from recorded. `apply` repairs it. */
export interface Drift {
  readonly service: string
  readonly host: string
  readonly kind: DriftKind
  /** The instance it is about, as `copyName` says it, where it is about one. */
  readonly instance?: string
  /** What is recorded and what is there, in a sentence. */
  readonly message: string
  /** Names of what differs, a few at most. */
  readonly evidence: readonly string[]
}
