/**
 * The claim on a place: one small file per claimant, whole from the moment it is there. Whoever wants the place puts
 * its own file beside the others' and then looks: the dead are removed, a living other one means to step back. So two
 * who come at once may both step back, but never both go on.
 */
import { join } from 'node:path'
import { DeployError } from '../../../base/deploy-error.js'
import { canonicalJson } from '../../../base/hash.js'
import type { Ports } from '../../../model/ports.js'
import type { Claim, ClaimHolder, ClaimRequest } from '../../../model/target.js'
import { canJudge, isAlive, startOf, thisPlace, type ProcessPlace } from '../../system/process-identity.js'
import { randomHex } from '../../system/random-hex.js'
import { ensureOwnFolder, tidyUp } from './own-folders.js'
import { isAbsent } from './files/local-trees.js'
import { isOfFormat, namesIn, readJson } from './records.js'
import type { Layout } from './layout.js'
import type { Ground } from './place.js'

/** Does something with the place once more. */
export type Later = (work: (ground: Ground) => Promise<void>) => Promise<void>

export interface HeldClaim extends Claim {
  /** Of the file that is the claim. */
  readonly path: string
}

interface ClaimFile {
  readonly format: 1
  readonly deployment: string
  readonly by: string
  readonly host: string
  readonly pid: number
  /** Tells the process from a later one with the same number, and where its number means anything. */
  readonly startedAt: string
  readonly place: ProcessPlace
  readonly since: string
  readonly attempt?: string
}

/** `later` is for the release, which comes when the operation that claimed has long ended. */
export async function claimPlace(
  ground: Ground,
  request: ClaimRequest,
  ports: Ports,
  later: Later,
): Promise<HeldClaim> {
  const { layout } = ground
  const own: ClaimFile = {
    format: 1,
    deployment: request.deployment,
    by: request.by,
    host: ports.machine.hostName,
    pid: ports.machine.pid,
    startedAt: (await startOf(ports.machine.pid)) ?? '',
    place: thisPlace(),
    since: ports.clock.now().toISOString(),
    ...(request.attempt === undefined ? {} : { attempt: request.attempt }),
  }
  const file = `${randomHex(16)}.json`
  const takeAway = async (at: Ground): Promise<void> => {
    await at.files.remove(join(layout.claim, file))
    await at.files.leavePlace(layout)
  }
  try {
    await putDown(ground, file, own)
    await stepBackForOthers(ground, file, own)
  } catch (error) {
    await takeAway(ground).catch(() => undefined) // what counts is the error above
    throw error
  }
  let isHeld = true
  return {
    path: join(layout.claim, file),
    async release() {
      if (!isHeld) return
      await later(async (at) => {
        await tidyUp(at) // while nobody else may work there
        await takeAway(at)
      })
      isHeld = false
    },
  }
}

/** Somebody who leaves may remove empty folders just before the file is put into them: then once more. */
async function putDown(ground: Ground, file: string, own: ClaimFile, tries = 20): Promise<void> {
  const { layout, files } = ground
  try {
    await ensureOwnFolder(ground)
    await files.makeFolder(layout.claim, 0o700)
    await files.write(join(layout.claim, file), `${JSON.stringify(own)}\n`)
    files.forget() // who else is here is looked for now that the own claim is there
    await files.entries(layout.claim)
  } catch (error) {
    const cause = error instanceof DeployError ? error.cause : error
    if (!isAbsent(cause) || tries === 1) throw error
    files.forget()
    await putDown(ground, file, own, tries - 1)
  }
}

async function stepBackForOthers({ layout, files }: Ground, file: string, own: ClaimFile): Promise<void> {
  for (const name of await namesIn(files, layout.claim)) {
    const path = join(layout.claim, name)
    if (name === file || !name.endsWith('.json')) continue
    const other = await readJson(files, path)
    if (other === null && !(await namesIn(files, layout.claim)).includes(name)) continue // its holder has just left
    if (!isClaim(other)) throw lockedBySomebody(layout, path)
    if (!isOwnLeftover(own, other) && !(await isDead(other))) throw lockedBy(layout, other)
    await files.remove(path)
  }
}

function isClaim(value: unknown): value is ClaimFile {
  return isOfFormat(value) && typeof value['pid'] === 'number' && typeof value['place'] === 'object'
}

/** This process could not give it back, since the host was away; it has ended what it claimed it for. */
function isOwnLeftover(own: ClaimFile, other: ClaimFile): boolean {
  const isOurs =
    other.pid === own.pid &&
    other.startedAt === own.startedAt &&
    canonicalJson({ ...other.place }) === canonicalJson({ ...own.place })
  return isOurs && own.attempt !== undefined && other.attempt !== undefined && other.attempt !== own.attempt
}

/** Only a process of this machine can be known to be dead. */
async function isDead(holder: ClaimFile): Promise<boolean> {
  return canJudge(holder.place) && !(await isAlive(holder.pid, holder.startedAt))
}

function lockedBy(layout: Layout, holder: ClaimFile): DeployError {
  const judged = canJudge(holder.place)
  return new DeployError(
    'LOCKED',
    `${layout.root} is being deployed to by ${holder.by} (deployment ${holder.deployment}).`,
    {
      details: [`on ${holder.host}, process ${holder.pid}, since ${holder.since}`],
      hint: judged
        ? 'Wait until it is done. If both are one deployment, two services of deploy.yaml have the same path: give each its own.'
        : `Wait until it is done. Whether it still runs cannot be told from here; when it surely does not: deployctl unlock ${holder.deployment}`,
    },
  )
}

/** Takes away the claims of a deployment whose process is not known to live. */
export async function removeClaimsOf(
  { layout, files }: Ground,
  deployment: string,
): Promise<readonly ClaimHolder[]> {
  const removed: ClaimHolder[] = []
  for (const name of await namesIn(files, layout.claim)) {
    const path = join(layout.claim, name)
    const other = name.endsWith('.json') ? await readJson(files, path) : null
    if (!isClaim(other) || other.deployment !== deployment) continue
    if (canJudge(other.place) && (await isAlive(other.pid, other.startedAt))) throw lockedBy(layout, other)
    await files.remove(path)
    removed.push({ by: other.by, from: other.host, since: other.since })
  }
  if (removed.length > 0) await files.leavePlace(layout)
  return removed
}

function lockedBySomebody(layout: Layout, path: string): DeployError {
  return new DeployError('LOCKED', `${layout.root} is claimed, but ${path} does not say by whom.`, {
    hint: `When nobody deploys there: rm ${path}`,
  })
}
