/** The contract of a source: where releases come from. */
import type { DriverSpec } from './spec.js'
import type { Progress } from './event.js'
import type { Release, VersionListing } from './release.js'
import type { JsonSchema } from './schema.js'
import type { Ports } from './ports.js'

export interface FetchContext {
  /** For an archive: the file to write. It may hold the beginning from an earlier try, to be continued. */
  readonly file: string
  readonly onProgress: (progress: Progress) => void
  /**
   * Every byte as it is written to the file, once and in order (offset 0 begins anew), where the source can give them:
   * it spares the caller reading the file again to verify it.
   */
  readonly onBytes?: (bytes: Uint8Array, offset: number) => void
  readonly signal: AbortSignal
}

/** What a listing has to have beside its versions, where that costs the source something. */
export interface ListingNeeds {
  readonly publishedAt: boolean
}

/** What to do when a version that was deployed names other content now: a tag was moved, a file replaced. */
export type RetagPolicy = 'redeploy' | 'warn' | 'refuse'

export interface Source {
  /** `redeploy` unless given. */
  readonly retag?: RetagPolicy
  /** Every version on offer, in no particular order; nothing is fetched. */
  versions(signal: AbortSignal, needs?: ListingNeeds): Promise<readonly VersionListing[]>
  /** Pins a version to its digest. Throws DeployError VERSION_NOT_FOUND or ARTIFACT_MISSING. */
  resolve(version: string, signal: AbortSignal): Promise<Release>
  /**
   * Brings an archive to `context.file`; its bytes are verified by the caller against the digest.
   * A folder release is not fetched: the answer is its path, which the caller reads and never changes.
   */
  fetch(release: Release, context: FetchContext): Promise<FetchedArtifact>
  /**
   * From where anybody may fetch the artifact for the next hours, with nothing but this address. Sources that need more,
   * such as a header, leave it out.
   */
  readonly address?: (release: Release, signal: AbortSignal) => Promise<string>
  /**
   * A small file that was published beside the artifact (a list of checksums, a signature), at most 1 MiB, or null when
   * there is none of that name. Sources whose artifacts stand alone leave it out.
   */
  companion?(release: Release, name: string, signal: AbortSignal): Promise<Uint8Array | null>
}

/** What a release looks like once it is on this machine, ready to be unpacked or copied. */
export interface FetchedArtifact {
  readonly kind: 'archive' | 'folder'
  /** Absolute. */
  readonly path: string
  /** The original file name, from which the archive's format is read. */
  readonly name: string
  /** As its source has it. */
  readonly address?: (signal: AbortSignal) => Promise<string>
}

export interface SourceDriver {
  readonly type: string
  readonly schema: JsonSchema
  /** `options` are as in deploy.yaml; text that may hold secrets is revealed by the driver through `ports.secrets`. */
  create(name: string, options: DriverSpec, ports: Ports): Source
}

/** Fetches through the cache, so that a release comes once and is whole and verified, or absent. */
export interface Artifacts {
  obtain(
    release: Release,
    source: DriverSpec,
    onProgress: (progress: Progress) => void,
    signal: AbortSignal,
  ): Promise<FetchedArtifact>
}
