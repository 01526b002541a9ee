/**
 * The contract of a way to write versions: how one is read, which of two is newer, which are prereleases, and what a
 * range is. Policies (version.ts) are the same for all of them.
 */
export interface VersionScheme<V> {
  /** Null when the text is no version of this scheme; a `v` before the number is no part of it. */
  readonly read: (text: string) => V | null
  /** Negative when `a` is the older one. */
  readonly compare: (a: V, b: V) => number
  /** The identifiers that make it a prerelease: `['beta', '2']`; none for a stable version. */
  readonly prereleaseOf: (version: V) => readonly string[]
  /**
   * Whether a version is in the range; null when the text is none. Without `includePrerelease`, a prerelease is in it
   * only when the range itself names a prerelease of the same version.
   */
  readonly range: (text: string, includePrerelease: boolean) => ((version: V) => boolean) | null
}
