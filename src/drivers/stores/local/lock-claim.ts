/**
 * One contender's file in a lock's folder: who it is, how far it is, and whether its process still lives.
 *
 * A claim appears whole under a name of its own that is never used again, so that removing a dead one can never
 * remove a living one. A second line is added once it holds the lock.
 */
import { constants, open, readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Ports } from '../../../model/ports.js'
import type { LockHolder } from '../../../model/state-store.js'
import { ifThere } from '../../system/if-there.js'
import { canJudge, isAlive, startOf, thisPlace, type ProcessPlace } from '../../system/process-identity.js'
import { writeAtomically } from '../../system/write-atomically.js'

interface ClaimText {
  readonly type: 'deployctl-lock'
  readonly format: 1
  readonly id: string
  readonly by: string
  readonly host: string
  readonly pid: number
  readonly startedAt: string
  readonly place: ProcessPlace
  readonly operation: string
  readonly created: string
}

/** A claim as found, judged from this machine. */
export interface Claim extends LockHolder {
  /** False while it still contends. */
  readonly isHeld: boolean
}

const suffix = '.claim'

export function claimPath(folder: string, id: string): string {
  return join(folder, `${id}${suffix}`)
}

export async function writeClaim(
  folder: string,
  about: Pick<ClaimText, 'id' | 'by' | 'operation' | 'created'>,
  machine: Ports['machine'],
): Promise<void> {
  const text: ClaimText = {
    type: 'deployctl-lock',
    format: 1,
    ...about,
    host: machine.hostName,
    pid: machine.pid,
    startedAt: (await startOf(machine.pid)) ?? '',
    place: thisPlace(),
  }
  await writeAtomically(claimPath(folder, about.id), `${JSON.stringify(text)}\n`)
}

/** False when the claim is gone: it was broken before it could hold. */
export async function markHeld(folder: string, id: string): Promise<boolean> {
  const handle = await ifThere(open(claimPath(folder, id), constants.O_WRONLY | constants.O_APPEND))
  if (handle === null) return false
  try {
    await handle.writeFile('held\n')
  } finally {
    await handle.close()
  }
  return true
}

export async function removeClaim(folder: string, id: string): Promise<void> {
  await rm(claimPath(folder, id), { force: true })
}

const leftoverMs = 60_000

/** Clears away what contenders that were killed while they wrote their claim left; beside a claim that is whole and new. */
export async function removeLeftovers(folder: string, id: string): Promise<void> {
  const newMs = (await stat(claimPath(folder, id))).mtimeMs // by the same clock as theirs: the file system's
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    const isOld = async () => newMs - (await stat(path)).mtimeMs > leftoverMs
    if (name.startsWith('.') && name.endsWith('.tmp') && (await isOld())) await rm(path, { force: true })
  }
}

/** Every claim there is, by id. */
export async function readClaims(folder: string, hostName: string): Promise<readonly Claim[]> {
  const names = (await ifThere(readdir(folder))) ?? []
  const ids = names.filter((name) => name.endsWith(suffix) && !name.startsWith('.'))
  const claims = await Promise.all(
    ids.map((name) => readClaim(folder, name.slice(0, -suffix.length), hostName)),
  )
  return claims.filter((claim) => claim !== null).sort((a, b) => (a.id < b.id ? -1 : 1))
}

async function readClaim(folder: string, id: string, hostName: string): Promise<Claim | null> {
  const path = claimPath(folder, id)
  const found = await ifThere(Promise.all([readFile(path, 'utf8'), stat(path)]))
  if (found === null) return null // withdrawn this moment
  const [text, { mtime }] = found
  const heartbeat = mtime.toISOString()
  const claim = parseClaim(text)
  if (claim === null) return unreadable(id, heartbeat)
  const { by, host, pid, operation, created } = claim
  const liveness = await livenessOf(claim, hostName)
  return { id, by, host, pid, operation, created, heartbeat, liveness, isHeld: text.endsWith('\nheld\n') }
}

async function livenessOf(claim: ClaimText, hostName: string): Promise<LockHolder['liveness']> {
  if (claim.host !== hostName || !canJudge(claim.place)) return 'unknown'
  return (await isAlive(claim.pid, claim.startedAt)) ? 'alive' : 'dead'
}

function parseClaim(text: string): ClaimText | null {
  try {
    // Only writeClaim makes such files; `type` and `format` tell them from anything else.
    const claim = JSON.parse(text.split('\n', 1)[0] ?? '') as Partial<ClaimText> | null
    return claim?.type === 'deployctl-lock' && claim.format === 1 ? (claim as ClaimText) : null
  } catch {
    return null
  }
}

/** Not ours to judge or remove: shown as held, so that a person decides. */
function unreadable(id: string, heartbeat: string): Claim {
  const unknown = {
    by: 'unknown',
    host: 'unknown',
    pid: 0,
    operation: 'unknown',
    liveness: 'unknown',
  } as const
  return { ...unknown, id, created: heartbeat, heartbeat, isHeld: true }
}
