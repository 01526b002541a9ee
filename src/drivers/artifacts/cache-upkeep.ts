/**
 * Looking after the cache: what is in it, whether it is still what it was, and what may go. Apart from fetching,
 * because this runs beside it: in other processes too, each of which may be killed at any moment.
 */
import { dirname, join } from 'node:path'
import type { Cache, CacheEntry, CacheLimits } from '../../model/cache.js'
import type { Clock } from '../../model/clock.js'
import { ensureFolder } from '../system/ensure-folder.js'
import {
  artifactFolder,
  checkoutFolder,
  fetchedFolder,
  folderNotes,
  lockFolder,
  partialFolder,
} from './cache-layout.js'
import { tryLockCache } from './cache-lock.js'
import { sweepArchives, sweepLocks, sweepMemories } from './cache-rubbish.js'
import { lyingArchives } from './lying-archives.js'
import { lyingCheckouts } from './lying-checkouts.js'
import { lyingFetched } from './lying-fetched.js'
import { removeAll, statOf, type Lying } from './lying.js'

export interface CacheUpkeepOptions {
  /** Absolute: the folder of all that is fetched. An absent one is an empty cache. */
  readonly directory: string
  readonly clock: Clock
  /** Of this process, for locks. */
  readonly pid: number
  /** What was used so recently may be about to be unpacked; an hour unless given. */
  readonly recentMs?: number
}

export function createCache(options: CacheUpkeepOptions): Cache {
  return {
    list: async (signal) => (await everything(options, signal)).map(({ entry }) => entry),
    async prune(limits, needed, signal) {
      const all = await everything(options, signal)
      const removed = new Set<Lying>()
      for (const lying of worthless(all, limits, needed, options)) {
        signal.throwIfAborted()
        if (await removeUnused(lying, options)) removed.add(lying)
      }
      await sweep(options, limits)
      const entriesOf = (wanted: boolean): readonly CacheEntry[] =>
        all.filter((lying) => removed.has(lying) === wanted).map(({ entry }) => entry)
      return { removed: entriesOf(true), kept: entriesOf(false) }
    },
    async verify(onChecked, signal) {
      for (const lying of await everything(options, signal)) {
        const sound = await isSound(lying, signal)
        if (sound === null || (!sound && !(await removeBroken(lying, options, signal)))) continue
        onChecked(lying.entry, sound)
      }
    },
  }
}

/** The last used first. */
async function everything({ directory }: CacheUpkeepOptions, signal: AbortSignal): Promise<readonly Lying[]> {
  const at = (folder: string): [string, string] => [join(directory, folder), folder]
  const all = [
    ...(await lyingArchives(...at(artifactFolder))),
    ...(await lyingCheckouts(...at(checkoutFolder), signal)),
    ...(await lyingFetched(...at(fetchedFolder))),
  ]
  return all.sort((a, b) => Date.parse(b.entry.usedAt) - Date.parse(a.entry.usedAt))
}

/** What has lain for too long, and then the longest unused until the rest fits. */
function worthless(
  all: readonly Lying[],
  { maxBytes, maxAgeMs }: CacheLimits,
  needed: ReadonlySet<string>,
  options: CacheUpkeepOptions,
): readonly Lying[] {
  let bytes = all.reduce((sum, { entry }) => sum + entry.bytes, 0)
  return all.toReversed().filter(({ entry }) => {
    const ageMs = options.clock.now().getTime() - Date.parse(entry.usedAt)
    if (isRecent(ageMs, options) || (entry.digest !== null && needed.has(entry.digest))) return false
    if (ageMs <= maxAgeMs && bytes <= maxBytes) return false
    bytes -= entry.bytes
    return true
  })
}

function isRecent(ageMs: number, { recentMs = 3_600_000 }: CacheUpkeepOptions): boolean {
  return ageMs < recentMs
}

/** Null for what cannot be told, or has gone meanwhile. */
async function isSound(lying: Lying, signal: AbortSignal): Promise<boolean | null> {
  try {
    return (await lying.isSound?.(signal)) ?? null
  } catch (error) {
    if ((await statOf(lying.path)) === null) return null
    throw error
  }
}

/** False when it is being made, or was used since it was looked at. */
async function removeUnused(lying: Lying, options: CacheUpkeepOptions): Promise<boolean> {
  return whileLocked(lying, options, async () => {
    const ageMs = options.clock.now().getTime() - (await lying.usedAtMs())
    if (isRecent(ageMs, options)) return false
    await removeAll(lying.remains)
    return true
  })
}

/** False when somebody is making it anew, or has done so since it was read. */
async function removeBroken(
  lying: Lying,
  options: CacheUpkeepOptions,
  signal: AbortSignal,
): Promise<boolean> {
  return whileLocked(lying, options, async () => {
    if ((await isSound(lying, signal)) !== false) return false
    await removeAll(lying.remains)
    return true
  })
}

async function whileLocked(
  { lock }: Lying,
  { clock, pid }: CacheUpkeepOptions,
  work: () => Promise<boolean>,
): Promise<boolean> {
  await ensureFolder(dirname(lock))
  const held = await tryLockCache({ path: lock, pid, clock })
  if (held === null) return false
  try {
    return await work()
  } finally {
    await held.release()
  }
}

async function sweep(
  { directory, clock, pid, recentMs = 3_600_000 }: CacheUpkeepOptions,
  limits: CacheLimits,
) {
  const how = { clock, pid, recentMs, maxAgeMs: limits.maxAgeMs }
  await sweepArchives(join(directory, artifactFolder), how)
  await sweepMemories(join(directory, artifactFolder, partialFolder), how)
  await sweepLocks(join(directory, artifactFolder, lockFolder), '', how)
  for (const folder of [checkoutFolder, fetchedFolder]) {
    await sweepMemories(join(directory, folder), how)
    await sweepLocks(join(directory, folder), '.lock', how)
  }
  await sweepMemories(join(directory, folderNotes), how)
}
