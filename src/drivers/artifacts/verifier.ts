/**
 * What the cache asks of whoever proves releases genuine. A contract of its own, because proofs live in a room of their
 * own: the cache knows when to ask and what to remember, and nothing of signatures.
 */
import type { Release } from '../../model/release.js'
import type { Source } from '../../model/source.js'
import type { DriverSpec } from '../../model/spec.js'

export interface ProofRequest {
  readonly release: Release
  /** Of the source, as in deploy.yaml. */
  readonly spec: DriverSpec
  readonly source: Source
  /** Absolute: the archive, whose bytes have the release's digest; null for a release that is a folder. */
  readonly file: string | null
  readonly signal: AbortSignal
}

export interface Verifier {
  /**
   * A digest of all that the proof of a release rests on: what is asked for, the keys, the release. As long as it is
   * the same, the proof need not be repeated. Null when nothing is asked for.
   */
  basis(release: Release, spec: DriverSpec): Promise<string | null>
  /**
   * True when it is proven; false when it may be used without a proof, which is worth no memory. Throws DeployError
   * ARTIFACT_UNPROVEN or ARTIFACT_CORRUPT.
   */
  prove(request: ProofRequest): Promise<boolean>
}
