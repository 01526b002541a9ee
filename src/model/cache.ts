/** The contract of the cache of everything fetched: what lies in it, and keeping it within its limits. */

export interface CacheEntry {
  /**
   * An archive; a checkout of a commit; a file fetched to learn its digest, waiting to be asked for; a download (or a
   * checkout) that was begun and not finished.
   */
  readonly kind: 'archive' | 'checkout' | 'fetched' | 'beginning'
  /** Names it within the cache: its path there. */
  readonly id: string
  /** Of the release it is for; null where that is not known yet. */
  readonly digest: string | null
  readonly bytes: number
  /** The original file name, and where it came from; empty where that is not on record. */
  readonly name: string
  readonly source: string
  readonly version: string
  /** ISO 8601. */
  readonly usedAt: string
}

export interface CacheLimits {
  readonly maxBytes: number
  readonly maxAgeMs: number
}

export interface Pruned {
  readonly removed: readonly CacheEntry[]
  readonly kept: readonly CacheEntry[]
}

export interface Cache {
  /** The last used first. */
  list(signal: AbortSignal): Promise<readonly CacheEntry[]>
  /**
   * Removes what has lain unused for too long, then the least recently used until the rest fits; never what is needed
   * (digests of releases), what was used a moment ago, or what another process is at.
   */
  prune(limits: CacheLimits, needed: ReadonlySet<string>, signal: AbortSignal): Promise<Pruned>
  /** Reads everything again. What is not what it was is removed, to be fetched anew. */
  verify(onChecked: (entry: CacheEntry, sound: boolean) => void, signal: AbortSignal): Promise<void>
}
