/** Claims every place a plan will touch, before anything is touched: all of them, or none. */
import pLimit from 'p-limit'
import { DeployError, reportOf, type ErrorCode, type ErrorReport } from '../base/deploy-error.js'
import { localHost, thisHost, type HostSpec } from '../model/host-spec.js'
import type { Instance, InstanceId } from '../model/instance.js'
import type { Lane } from '../model/journal.js'
import type { Operation } from '../model/operation.js'
import { isOperation } from '../model/operation.js'
import type { Plan, Step } from '../model/plan.js'
import type { Release } from '../model/release.js'
import type { DriverSpec } from '../model/spec.js'
import type { Claim } from '../model/target.js'
import { samePlace } from '../plan/diff.js'
import { combinedError } from './combined-error.js'
import type { World } from './world.js'

const claimsAtOnce = 64

export interface Claimant {
  readonly deployment: string
  readonly by: string
  /** What only takes things away needs no room for them. */
  readonly brings: 'releases' | 'nothing'
  /** Whether a host that is not reached may be done without. */
  readonly allowsAbsence: boolean
  /** Hosts of services where there is nothing to be done any more. */
  readonly without: (lane: Lane) => boolean
}

export interface PlacesClaimed {
  readonly claim: Claim
  /** Hosts that may fail alone, and did so before anything began. */
  readonly refused: readonly (Lane & { readonly error: ErrorReport })[]
}

export async function claimPlaces(
  world: World,
  plan: Plan,
  claimant: Claimant,
  signal: AbortSignal,
): Promise<PlacesClaimed> {
  const { deployment, by, brings } = claimant
  const attempt = String(world.clock.monotonicMs())
  const limit = pLimit(claimsAtOnce)
  const claims: Claim[] = []
  const release = async (): Promise<void> => {
    await Promise.allSettled(claims.map((claim) => limit(() => claim.release())))
  }
  const refusals: { readonly place: Place; readonly error: unknown }[] = []
  await Promise.all(
    placesOf(world, plan)
      .filter(({ service, host }) => !claimant.without({ service, host: host.name }))
      .map((place) =>
        limit(async () => {
          try {
            const { service, host, spec, incoming } = place
            const request = { deployment, by, attempt, incoming: brings === 'nothing' ? [] : incoming }
            claims.push(await world.target(spec, { service, host }).claim(request, signal))
          } catch (error) {
            refusals.push({ place, error })
          }
        }),
      ),
  )
  const grave = refusals.filter(
    ({ error }) => !claimant.allowsAbsence || codeOf(error) !== 'HOST_UNREACHABLE',
  )
  const refused = grave.filter(({ place, error }) => place.lane && !isSomebodyElse(error))
  const isWithin = Object.keys(plan.tolerance ?? {}).every(
    (service) =>
      refused.filter(({ place }) => place.service === service).length <=
      (plan.tolerance?.[service]?.maxFailures ?? 0),
  )
  if (!signal.aborted && isWithin && refused.length === grave.length) {
    const lanes = refused.map(({ place, error }) => {
      return { service: place.service, host: place.host.name, error: reportOf(error) }
    })
    return { claim: { release }, refused: lanes }
  }
  await release()
  throw combinedError(grave.map(({ error }) => error))
}

function codeOf(error: unknown): ErrorCode | null {
  return error instanceof DeployError ? error.code : null
}

/** Two deployments to one host are nothing that a host may fail by. */
function isSomebodyElse(error: unknown): boolean {
  return codeOf(error) === 'LOCKED' || codeOf(error) === 'CANCELLED'
}

interface Place {
  readonly service: string
  readonly host: HostSpec
  readonly spec: DriverSpec
  readonly incoming: readonly Release[]
  /** Whether the host may fail alone. */
  readonly lane: boolean
}

/** Of each service and host, the places that steps of the plan work at: one, or two where it moves. */
function placesOf(world: World, plan: Plan): readonly Place[] {
  const found = new Map<string, Place[]>()
  for (const step of plan.steps) {
    for (const instance of instancesOf(step).flatMap((id) => plan.instances[id] ?? [])) {
      const { service, host } = instance
      const spec = plan.specs[instance.specDigest]?.target
      if (spec === undefined) continue
      const key = `${service}@${host}`
      const places = found.get(key) ?? []
      found.set(key, places)
      const at = places.findIndex((place) => samePlace(place.spec, spec, world.traits(spec.type)))
      const place = places[at] ?? { service, host: hostOf(plan, host), spec, incoming: [], lane: false }
      // The newest word on the place counts: it is what the new release brings along.
      const next = {
        ...place,
        spec: isNew(plan, instance) ? spec : place.spec,
        incoming: step.apply.verb === 'stage' ? [...place.incoming, instance.release] : place.incoming,
        lane: place.lane || step.lane !== undefined,
      }
      if (at === -1) places.push(next)
      else places[at] = next
    }
  }
  return [...found.values()].flat()
}

function isNew(plan: Plan, { service, specDigest }: Instance): boolean {
  return (plan.outcome[service]?.active ?? []).some((id) => plan.instances[id]?.specDigest === specDigest)
}

function hostOf(plan: Plan, name: string): HostSpec {
  const host = name === localHost ? thisHost : plan.hosts?.[name]
  if (host === undefined) throw new Error(`the plan does not say where ${name} is`)
  return host
}

function instancesOf({ apply, revert }: Step): readonly InstanceId[] {
  return [apply, ...(isOperation(revert) ? [revert] : [])].flatMap(touchedBy)
}

/** Checks and the user's commands change nothing of a place themselves. */
function touchedBy(operation: Operation): readonly InstanceId[] {
  if ('instance' in operation && operation.verb !== 'hook') return [operation.instance]
  if (operation.verb === 'start' || operation.verb === 'stop' || operation.verb === 'drain')
    return operation.instances
  if (operation.verb === 'route') return [...operation.from, ...operation.to].map(({ instance }) => instance)
  return []
}
