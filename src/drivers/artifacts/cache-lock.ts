/**
 * A lock on one thing in the cache, so that of several processes one downloads and the others wait and find it there.
 *
 * The lock is a file that names its owner. An owner that is gone, or (where that cannot be told, because it ran in
 * another container) has not touched the file for a while, is taken over. Should two ever get through, nothing is
 * lost: they write the same bytes, and only what has the right digest is published.
 */
import { readFile, stat, unlink, utimes } from 'node:fs/promises'
import { DeployError } from '../../base/deploy-error.js'
import type { Clock } from '../../model/clock.js'
import { canJudge, isAlive, startOf, thisPlace, type ProcessPlace } from '../system/process-identity.js'
import { randomHex } from '../system/random-hex.js'
import { createAtomically } from '../system/write-atomically.js'

const pollMs = 100
const heartbeatMs = 5_000
const silentMs = 60_000

export interface CacheLock {
  release(): Promise<void>
}

interface Owner {
  readonly token: string
  readonly pid: number
  readonly startedAt: string
  readonly place: ProcessPlace
}

export interface LockRequest {
  readonly path: string
  readonly pid: number
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Called once when another has it. */
  readonly onWait: () => void
}

/** Waits until the lock is ours. Throws DeployError CANCELLED. */
export async function lockCache(request: LockRequest): Promise<CacheLock> {
  const { path, clock, signal } = request
  const owner: Owner = {
    token: randomHex(16),
    pid: request.pid,
    startedAt: (await startOf(request.pid)) ?? '',
    place: thisPlace(),
  }
  let told = false
  for (;;) {
    if (signal.aborted) throw new DeployError('CANCELLED', 'waiting for another download was cancelled')
    if (await createAtomically(path, JSON.stringify(owner))) return held(request, owner)
    const other = await readOwner(path)
    if (other !== null && (await isGone(path, other, clock))) {
      await takeAway(path, other, owner, clock)
      continue
    }
    if (!told) request.onWait()
    told = true
    await clock.sleep(pollMs, signal)
  }
}

/** The lock, or null when another has it: for work that may as well be left undone. */
export async function tryLockCache(
  request: Omit<LockRequest, 'signal' | 'onWait'>,
): Promise<CacheLock | null> {
  const busy = new AbortController()
  try {
    return await lockCache({ ...request, signal: busy.signal, onWait: () => busy.abort() })
  } catch (error) {
    if (busy.signal.aborted) return null
    throw error
  }
}

function held({ path, clock }: LockRequest, owner: Owner): CacheLock {
  const done = new AbortController()
  const beat = async (): Promise<void> => {
    for (;;) {
      await clock.sleep(heartbeatMs, done.signal)
      if (done.signal.aborted) return
      const now = clock.now()
      await utimes(path, now, now).catch(() => undefined)
    }
  }
  const beating = beat()
  return {
    async release() {
      done.abort()
      await beating
      if ((await readOwner(path))?.token === owner.token) await unlink(path).catch(() => undefined)
    },
  }
}

async function isGone(path: string, owner: Owner, clock: Clock): Promise<boolean> {
  if (canJudge(owner.place)) return !(await isAlive(owner.pid, owner.startedAt))
  const touched = await stat(path).catch(() => null)
  return touched !== null && clock.now().getTime() - touched.mtimeMs > silentMs
}

/**
 * Removes the lock of an owner that is gone. Two that notice it at once must not remove each other's new lock, so the
 * removal has a lock of its own, within which the owner is looked at again.
 */
async function takeAway(path: string, gone: Owner, us: Owner, clock: Clock): Promise<void> {
  const guard = `${path}.takeover`
  if (!(await createAtomically(guard, JSON.stringify(us)))) {
    const other = await readOwner(guard)
    if (other !== null && (await isGone(guard, other, clock))) await unlink(guard).catch(() => undefined)
    return
  }
  try {
    if ((await readOwner(path))?.token === gone.token) await unlink(path).catch(() => undefined)
  } finally {
    await unlink(guard).catch(() => undefined)
  }
}

/** Null when it is free. The file is made whole, so one that cannot be read is nobody's. */
async function readOwner(path: string): Promise<Owner | null> {
  try {
    // written by ourselves; a token, a number and a place that do not fit make an owner that is gone
    const owner = JSON.parse(await readFile(path, 'utf8')) as Owner
    return typeof owner.token === 'string' ? owner : null
  } catch {
    return null
  }
}
