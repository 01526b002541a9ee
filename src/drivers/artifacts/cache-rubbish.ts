/**
 * Small things that lie about in the cache for nobody: notes without what they are about, half-written files and locks
 * of processes that were killed, what sources remember of files nobody has asked for in a long time.
 */
import { join } from 'node:path'
import type { Clock } from '../../model/clock.js'
import { digestOfName } from './cache-layout.js'
import { tryLockCache } from './cache-lock.js'
import { namesIn, removeAll, statOf } from './lying.js'

export interface Sweep {
  readonly clock: Clock
  readonly pid: number
  /** Younger things may be in the making. */
  readonly recentMs: number
  /** Older memories are not worth keeping. */
  readonly maxAgeMs: number
}

/** Temporary files, and notes of archives that have gone. */
export async function sweepArchives(directory: string, sweep: Sweep): Promise<void> {
  const names = new Set(await namesIn(directory))
  for (const name of names) {
    const about = name.replace(/\.json$/, '')
    const isOrphan = name.endsWith('.json') && digestOfName(about) !== null && !names.has(about)
    if (!isOrphan && !isTemporary(name)) continue
    await removeOlder(join(directory, name), sweep.recentMs, sweep)
  }
}

/** What sources remember: notes by age; sizes and digests of checkouts that have gone. */
export async function sweepMemories(directory: string, sweep: Sweep): Promise<void> {
  const names = new Set(await namesIn(directory))
  for (const name of names) {
    const about = name.replace(/\.(digest|bytes|resume)$/, '')
    const isOrphan = about !== name && !names.has(about)
    if (name.endsWith('.json')) await removeOlder(join(directory, name), sweep.maxAgeMs, sweep)
    else if (isOrphan || isTemporary(name)) await removeOlder(join(directory, name), sweep.recentMs, sweep)
  }
}

/** Locks whose owner is gone. Taking one over and giving it back removes it, whoever else is looking at it. */
export async function sweepLocks(directory: string, ending: string, sweep: Sweep): Promise<void> {
  const { clock, pid, recentMs } = sweep
  for (const name of await namesIn(directory)) {
    const path = join(directory, name)
    if (isTemporary(name)) await removeOlder(path, recentMs, sweep)
    else if (name.endsWith(ending) && !name.endsWith('.takeover')) {
      if (await isOlder(path, recentMs, sweep)) await (await tryLockCache({ path, pid, clock }))?.release()
    }
  }
}

/** As write-atomically.ts names them. */
function isTemporary(name: string): boolean {
  return /^\..+\.[0-9a-f]{12}\.tmp$/.test(name)
}

async function removeOlder(path: string, ageMs: number, sweep: Sweep): Promise<void> {
  if (await isOlder(path, ageMs, sweep)) await removeAll([path])
}

async function isOlder(path: string, ageMs: number, { clock }: Sweep): Promise<boolean> {
  const found = await statOf(path)
  return found !== null && clock.now().getTime() - found.mtimeMs > ageMs
}
