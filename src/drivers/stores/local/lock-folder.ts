/**
 * A lock that kill -9 cannot break and two takers of a dead one cannot both get.
 *
 * Each contender first writes its claim and then lists the folder; it holds the lock when its claim is there and no
 * other living one is. As both write before they list, of any two at least one sees the other. When nobody holds it
 * yet, the claim with the smallest id stays and the others withdraw and try again, so that one of them gets it soon.
 * A clock plays no part: a claim is dead when its process is gone, never because it is old.
 */
import { utimes } from 'node:fs/promises'
import { DeployError, systemCodeOf } from '../../../base/deploy-error.js'
import type { Clock } from '../../../model/clock.js'
import type { Ports } from '../../../model/ports.js'
import type { HeldLock, LockHolder } from '../../../model/state-store.js'
import { ensureFolder } from '../../system/ensure-folder.js'
import { naming } from '../../system/file-error.js'
import { randomHex } from '../../system/random-hex.js'
import { repeatEvery } from '../../system/repeat-every.js'
import {
  claimPath,
  markHeld,
  readClaims,
  removeClaim,
  removeLeftovers,
  writeClaim,
  type Claim,
} from './lock-claim.js'
import { lockedError, notTheHolderError } from './lock-errors.js'

/** How often a holder shows that it lives, and notices that its lock was taken away. */
const heartbeatMs = 2000
/** How long contenders may keep each other from a lock that nobody holds, before one of them is named as the holder. */
const contestMs = 5000

export interface LockRequest {
  readonly operation: string
  readonly by: string
  readonly waitMs: number
}

export interface LockFolder {
  take(request: LockRequest, signal: AbortSignal): Promise<HeldLock>
  holder(): Promise<LockHolder | null>
  break(id: string): Promise<LockHolder>
}

/** `subject` is what is locked, for messages. */
export function lockFolder(
  folder: string,
  subject: string,
  clock: Clock,
  machine: Ports['machine'],
): LockFolder {
  const claims = () => naming('read', folder, () => readClaims(folder, machine.hostName))

  async function holder(): Promise<LockHolder | null> {
    const held = (await claims()).filter((claim) => claim.isHeld)
    const found = held.find((claim) => claim.liveness !== 'dead') ?? held[0]
    return found === undefined ? null : holderOf(found)
  }

  return {
    holder,
    async break(id) {
      const all = await claims()
      const wanted = all.find((claim) => claim.id === id)
      if (wanted === undefined)
        throw notTheHolderError(subject, id, all.find((claim) => claim.isHeld) ?? null)
      await naming('remove', claimPath(folder, id), () => removeClaim(folder, id))
      return holderOf(wanted)
    },
    async take(request, signal) {
      await ensureFolder(folder)
      const contest = { folder, subject, clock, machine, request, id: randomHex(8) }
      try {
        const tookOver = await naming('lock', folder, () => contend(contest, signal))
        await removeLeftovers(folder, contest.id).catch(() => undefined) // tidiness only
        return hold(contest, tookOver)
      } catch (error) {
        await removeClaim(folder, contest.id).catch(() => undefined) // the error above is what counts
        throw error
      }
    },
  }
}

interface Contest {
  readonly folder: string
  readonly subject: string
  readonly clock: Clock
  readonly machine: Ports['machine']
  readonly request: LockRequest
  readonly id: string
}

/** Returns once the lock is held; the answer is the dead holder it was taken from, if any. */
async function contend(contest: Contest, signal: AbortSignal): Promise<LockHolder | null> {
  const { folder, clock, id, request } = contest
  const startMs = clock.monotonicMs()
  let tookOver: LockHolder | null = null
  for (;;) {
    if (signal.aborted)
      throw new DeployError('CANCELLED', `waiting for the lock of ${contest.subject} was cancelled`)
    const { isMine, living, removed } = await look(contest)
    tookOver ??= removed
    const holding = living.find((claim) => claim.isHeld)
    if (living.length === 0) {
      if (isMine && (await markHeld(folder, id))) return tookOver
      await writeMine(contest) // and look again
      continue
    }
    if (isMine && (holding !== undefined || living.some((claim) => claim.id < id)))
      await removeClaim(folder, id)
    const waitedMs = clock.monotonicMs() - startMs
    const blocking = holding ?? living[0]
    const patienceMs = holding === undefined ? Math.max(request.waitMs, contestMs) : request.waitMs
    if (blocking !== undefined && waitedMs >= patienceMs)
      throw lockedError(contest.subject, blocking, clock.now())
    await clock.sleep(
      holding === undefined ? jitter(2, 20) : Math.min(jitter(50, 150), patienceMs - waitedMs),
      signal,
    )
  }
}

/** Lists the claims, and removes those of dead processes. */
async function look(contest: Contest): Promise<{
  readonly isMine: boolean
  readonly living: readonly Claim[]
  /** A dead one that held the lock. */
  readonly removed: LockHolder | null
}> {
  const all = await readClaims(contest.folder, contest.machine.hostName)
  const dead = all.filter((claim) => claim.liveness === 'dead' && claim.id !== contest.id)
  await Promise.all(dead.map((claim) => removeClaim(contest.folder, claim.id)))
  const held = dead.find((claim) => claim.isHeld)
  return {
    isMine: all.some((claim) => claim.id === contest.id),
    living: all.filter((claim) => claim.liveness !== 'dead' && claim.id !== contest.id),
    removed: held === undefined ? null : holderOf(held),
  }
}

async function writeMine({ folder, id, request, clock, machine }: Contest): Promise<void> {
  const { by, operation } = request
  await writeClaim(folder, { id, by, operation, created: clock.now().toISOString() }, machine)
}

function hold({ folder, id, subject, clock }: Contest, tookOver: LockHolder | null): HeldLock {
  const lost = new AbortController()
  const stop = repeatEvery(heartbeatMs, async () => {
    try {
      await utimes(claimPath(folder, id), clock.now(), clock.now())
    } catch (error) {
      if (systemCodeOf(error) !== 'ENOENT') return // a disk that is full or read-only takes no lock away
      stop()
      lost.abort(new DeployError('LOCK_LOST', `the lock of ${subject} (${id}) was removed by somebody else`))
    }
  })
  return {
    id,
    tookOver,
    lost: lost.signal,
    async release() {
      stop()
      await naming('remove', claimPath(folder, id), () => removeClaim(folder, id))
    },
  }
}

function holderOf({ isHeld: _, ...holder }: Claim): LockHolder {
  return holder
}

function jitter(fromMs: number, toMs: number): number {
  return fromMs + Math.random() * (toMs - fromMs)
}
