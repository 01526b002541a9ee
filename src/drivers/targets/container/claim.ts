/**
 * The claim on a service of an engine: a volume, never mounted, whose name is the service's and whose labels are the
 * holder. To create a volume that is there already answers with that one, labels and all, and the engine does one at a
 * time: so whoever finds its own token in the answer holds the claim. What a dead holder left is taken away by whoever
 * holds a second claim of the same kind, on that very taking away; so nobody removes what a third one has just made.
 */
import { DeployError } from '../../../base/deploy-error.js'
import type { Claim, ClaimRequest } from '../../../model/target.js'
import { canJudge, isAlive, startOf, thisPlace, type ProcessPlace } from '../../system/process-identity.js'
import { randomHex } from '../../system/random-hex.js'
import type { EngineAddress } from './engine/address.js'
import { imageRepository, scopeLabels } from './names.js'
import type { Place } from './place.js'

const holderLabel = 'deployctl.claim'

interface Holder {
  readonly format: 1
  readonly token: string
  readonly deployment: string
  readonly by: string
  readonly host: string
  readonly pid: number
  /** Tells the process from a later one with the same number, and where its number means anything. */
  readonly startedAt: string
  readonly place: ProcessPlace
  readonly since: string
}

interface Volume {
  readonly Name: string
  readonly Labels: { readonly [label: string]: string } | null
}

export async function claimEngine(place: Place, request: ClaimRequest, signal: AbortSignal): Promise<Claim> {
  const { clock, machine } = place.ports
  const own: Holder = {
    format: 1,
    token: randomHex(16),
    deployment: request.deployment,
    by: request.by,
    host: machine.hostName,
    pid: machine.pid,
    startedAt: (await startOf(machine.pid)) ?? '',
    place: thisPlace(),
    since: clock.now().toISOString(),
  }
  const name = `${imageRepository(place.scope).replace('/', '-')}-claim`
  await take(place, name, own, signal)
  let isHeld = true
  return {
    async release() {
      if (!isHeld) return
      await removeOwn(place, name, own.token, new AbortController().signal) // also after an interruption
      isHeld = false
    },
  }
}

const mostRounds = 5

async function take(place: Place, name: string, own: Holder, signal: AbortSignal, depth = 0): Promise<void> {
  for (let round = 0; round < mostRounds; round++) {
    const holder = await putDown(place, name, own, signal)
    if (holder === 'gone') continue
    if (holder?.token === own.token) return
    if (holder === null) throw claimedBySomebody(place, name)
    if (isOwn(holder, own)) throw claimedTwice(place, await place.engine.address())
    if (depth === mostRounds || !(await isDead(holder))) throw claimedBy(place, name, holder)
    const taking = `${name}-of-${holder.token.slice(0, 8)}`
    await take(place, taking, own, signal, depth + 1)
    await removeOwn(place, name, holder.token, signal)
    await removeOwn(place, taking, own.token, signal)
  }
  throw claimedBySomebody(place, name)
}

/** Who holds it now; null when its labels do not say; `gone` when it was given back just then. */
async function putDown(
  place: Place,
  name: string,
  own: Holder,
  signal: AbortSignal,
): Promise<Holder | null | 'gone'> {
  const body = {
    Name: name,
    Labels: { ...scopeLabels(place.scope), [holderLabel]: JSON.stringify(own) },
  }
  const question = {
    doing: `claim ${place.scope.service} on the engine`,
    method: 'POST',
    path: '/volumes/create',
    body,
    mayRepeat: true,
  } as const
  const answered = holderIn(await place.engine.ask<Volume>(question, signal))
  if (answered !== null) return answered
  // an engine that was restarted answers without labels here, and with them when it is asked for the volume
  const path = `/volumes/${name}`
  const there = await place.engine.find<Volume>({ doing: 'look at the claim', method: 'GET', path }, signal)
  return there === null ? 'gone' : holderIn(there)
}

function holderIn({ Labels }: Volume): Holder | null {
  try {
    // written above; anything else has no token
    const holder = JSON.parse(Labels?.[holderLabel] ?? '') as Partial<Holder> | null
    return typeof holder?.token === 'string' && typeof holder.pid === 'number' ? (holder as Holder) : null
  } catch {
    return null
  }
}

async function removeOwn(place: Place, name: string, token: string, signal: AbortSignal): Promise<void> {
  const { engine } = place
  const path = `/volumes/${name}`
  const there = await engine.find<Volume>({ doing: 'look at the claim', method: 'GET', path }, signal)
  if (there === null || holderIn(there)?.token !== token) return
  await engine.find({ doing: 'give the claim back', method: 'DELETE', path }, signal)
}

/** Only a process of this machine can be known to be dead. */
async function isDead(holder: Holder): Promise<boolean> {
  return canJudge(holder.place) && !(await isAlive(holder.pid, holder.startedAt))
}

/** One deployment comes here twice: by an old address and a new one, or by two hosts. */
function isOwn(holder: Holder, own: Holder): boolean {
  return holder.deployment === own.deployment && holder.pid === own.pid && holder.host === own.host
}

function claimedTwice({ scope }: Place, { where, from }: EngineAddress): DeployError {
  const says = `Two places of ${scope.service} are one engine: ${where}, by ${from}, is where it is deployed already.`
  return new DeployError('TARGET_REFUSED', says, {
    hint: 'A change of engine: is a move to another engine; undo it, since the same one by another address needs none. Hosts must have an engine each.',
  })
}

function claimedBy({ scope }: Place, name: string, holder: Holder): DeployError {
  const says = `${scope.service} is being deployed to this engine by ${holder.by} (deployment ${holder.deployment}).`
  return new DeployError('LOCKED', says, {
    details: [`on ${holder.host}, process ${holder.pid}, since ${holder.since}`],
    hint: canJudge(holder.place)
      ? 'Wait until it is done.'
      : `Wait until it is done. Whether it still runs cannot be told from here; when it surely does not: docker volume rm ${name}`,
  })
}

function claimedBySomebody({ scope }: Place, name: string): DeployError {
  return new DeployError('LOCKED', `${scope.service} is claimed on this engine, but not said by whom.`, {
    hint: `When nobody deploys it: docker volume rm ${name}`,
  })
}
