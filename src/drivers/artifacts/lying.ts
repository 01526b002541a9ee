/**
 * What lies in the cache, each thing with what its upkeep has to know of it. Apart from upkeep itself, because each
 * folder of the cache has its own files, and the rules for keeping and removing are the same for all.
 */
import { readdir, rm, stat } from 'node:fs/promises'
import type { Stats } from 'node:fs'
import type { CacheEntry } from '../../model/cache.js'
import { ifThere } from '../system/if-there.js'
import { naming } from '../system/file-error.js'

export interface Lying {
  readonly entry: CacheEntry
  /** Absolute: the thing itself. */
  readonly path: string
  /** Held by whoever makes it. */
  readonly lock: string
  /** All of it, to be removed in this order: whatever a kill leaves is never taken for the whole. */
  readonly remains: readonly string[]
  /** When it was last used, by what is on disk now. */
  readonly usedAtMs: () => Promise<number>
  /** Null for what nothing is known of to compare it with. */
  readonly isSound: ((signal: AbortSignal) => Promise<boolean>) | null
}

/** Names in a folder of the cache; none when it is not there. */
export async function namesIn(folder: string): Promise<readonly string[]> {
  return (await naming('list', folder, () => ifThere(readdir(folder)))) ?? []
}

/** Null when it has gone: another process may be tidying too. */
export async function statOf(path: string): Promise<Stats | null> {
  return ifThere(stat(path))
}

export async function removeAll(paths: readonly string[]): Promise<void> {
  for (const path of paths) await naming('remove', path, () => rm(path, { recursive: true, force: true }))
}
