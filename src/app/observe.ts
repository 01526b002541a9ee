/** Looks at what is really there, for every service of a plan: on each host where it runs, or where it is to run. */
import pLimit from 'p-limit'
import { DeployError } from '../base/deploy-error.js'
import type { HostSpec } from '../model/host-spec.js'
import { specOn, type DriverSpec, type Specified } from '../model/spec.js'
import { recordedHosts, recordedOn, type RecordedService, type RecordedState } from '../model/state.js'
import type { Observation, RecordedInstances } from '../model/target.js'
import type { Plan } from '../model/plan.js'
import { isRerouted, samePlace } from '../plan/diff.js'
import type { SkippedHost } from '../plan/host-parts.js'
import { unreachableOf } from '../plan/strategies/options.js'
import { combinedError } from './combined-error.js'
import type { HostBook } from './host-book.js'
import { selectHosts } from './select-hosts.js'
import type { World } from './world.js'

/** Looks at once; each reads a handful of small files. */
const looksAtOnce = 64

export interface Sight {
  readonly service: string
  /** What it should be, or null when the service is to go. */
  readonly after: Specified | null
  /** Where it should run. */
  readonly hosts: readonly HostSpec[]
  readonly recorded: RecordedService | null
  /** What a host that is not reached means. */
  readonly unreachable: 'skip' | 'fail'
}

export interface Sightings {
  readonly observed: ReadonlyMap<string, readonly Observation[]>
  readonly skipped: ReadonlyMap<string, readonly Skipped[]>
}

/** A host that is left out, and the whole story where it was not reached. */
export interface Skipped extends SkippedHost {
  readonly error: DeployError | null
}

/** Nothing is looked at on hosts that `isMeant` leaves out. */
export async function observe(
  world: World,
  sights: readonly Sight[],
  book: HostBook,
  isMeant: (host: HostSpec) => boolean,
  signal: AbortSignal,
): Promise<Sightings> {
  const limit = pLimit(looksAtOnce)
  const refusals = new Map<string, unknown>()
  const looks = await Promise.all(
    sights.map(async (sight) => {
      const hosts = hostsOf(sight, book)
      return Promise.all(
        hosts.map((host) =>
          isMeant(host)
            ? limit(() => look(world, sight, host, signal)).catch((error: unknown) => {
                refusals.set(error instanceof Error ? error.message : String(error), error)
                return { host: host.name, reason: 'it cannot be looked at', error: null }
              })
            : Promise.resolve({
                host: host.name,
                reason: 'it was left out by --host or --limit',
                error: null,
              }),
        ),
      )
    }),
  )
  // all that has to be mended is told at once
  if (refusals.size > 0) throw combinedError([...refusals.values()])
  const seen = looks.map((list) => list.filter((one) => 'staged' in one))
  const left = looks.map((list) => list.filter((one) => 'reason' in one))
  refuseUnreached(sights, seen, left)
  const byService = <T>(lists: readonly (readonly T[])[]): ReadonlyMap<string, readonly T[]> =>
    new Map(sights.map(({ service }, index) => [service, lists[index] ?? []]))
  return { observed: byService(seen), skipped: byService(left) }
}

/** Those where it should run, and those where something of it is by the record. */
export function hostsOf({ hosts, recorded }: Sight, book: HostBook): readonly HostSpec[] {
  const wanted = new Set(hosts.map(({ name }) => name))
  const others = recordedHosts(recorded).filter(
    (name) => !wanted.has(name) && recordedOn(recorded, name) !== null,
  )
  return [...hosts, ...others.map((name) => book.named(name))]
}

async function look(
  world: World,
  sight: Sight,
  host: HostSpec,
  signal: AbortSignal,
): Promise<Observation | Skipped> {
  const { service } = sight
  const place = placeOf(world, sight, host.name)
  if (place === null) return { host: host.name, serving: null, staged: [], drift: [], notices: [] }
  try {
    const seen = await world.target(place.spec, { service, host }).inspect(place.recorded, signal)
    if (!place.isRerouted) return seen
    // that another router sends nothing yet is a change, and no drift
    return { ...seen, drift: seen.drift.filter(({ kind }) => kind !== 'trafficMoved') }
  } catch (error) {
    if (!(error instanceof DeployError) || !isAway(error)) throw error
    return { host: host.name, reason: 'it was not reached', error }
  }
}

function isAway({ code }: DeployError): boolean {
  return code === 'HOST_UNREACHABLE' || code === 'TIMEOUT'
}

/** A host that nobody wants any more keeps nobody waiting; any other does, unless deploy.yaml says otherwise. */
function refuseUnreached(
  sights: readonly Sight[],
  seen: readonly (readonly Observation[])[],
  left: readonly (readonly Skipped[])[],
): void {
  const errors = new Map<string, DeployError>()
  for (const [index, { after, hosts, unreachable }] of sights.entries()) {
    const wanted = new Set(hosts.map(({ name }) => name))
    const away = (left[index] ?? []).flatMap(({ host, error }) => (error === null ? [] : [{ host, error }]))
    const isAllGone = seen[index]?.length === 0
    for (const { host, error } of away) {
      const matters = after === null || (wanted.has(host) && unreachable === 'fail') || isAllGone
      if (matters) errors.set(host, error)
    }
  }
  if (errors.size > 0) throw combinedError([...errors.values()])
}

/** What is recorded to be on a host: what serves, and what is up to go back to. */
export function recordedInstances(recorded: RecordedService | null, host: string): RecordedInstances {
  const warm = recorded?.previous.filter((deployed) => deployed.warmUntil !== undefined) ?? []
  return {
    active: recordedOn(recorded, host)?.instances ?? [],
    previous: warm.flatMap((deployed) => deployed.instances.filter((instance) => instance.host === host)),
  }
}

/** A service that moves to another place is looked at where it is to be: nothing of the record lies there. */
export function placeOf(
  world: World,
  { after, hosts, recorded }: Sight,
  host: string,
): { readonly spec: DriverSpec; readonly recorded: RecordedInstances; readonly isRerouted: boolean } | null {
  const there = recordedInstances(recorded, host)
  const spec = recordedOn(recorded, host)?.spec.target
  const isWanted = hosts.some(({ name }) => name === host)
  if (after === null || !isWanted)
    return spec === undefined ? null : { spec, recorded: there, isRerouted: false }
  const { target } = specOn(after, host)
  const traits = world.traits(target.type)
  if (spec === undefined || !samePlace(spec, target, traits))
    return { spec: target, recorded: recordedInstances(null, host), isRerouted: false }
  return { spec: target, recorded: there, isRerouted: isRerouted(spec, target, traits) }
}

/** Looks again at what a plan was made from. Equal to its basis when nothing has moved. */
export async function observePlan(
  world: World,
  plan: Plan,
  state: RecordedState | null,
  book: HostBook,
  signal: AbortSignal,
): Promise<Sightings> {
  const sights = plan.changes.map(({ service, after }): Sight => {
    const recorded = state?.services[plan.renamed[service] ?? service] ?? null
    return sightOf(world, service, after, recorded, book)
  })
  return observe(world, sights, book, await hostsMeant(world, plan.only ?? null, signal), signal)
}

export function sightOf(
  world: World,
  service: string,
  after: Specified | null,
  recorded: RecordedService | null,
  book: HostBook,
): Sight {
  const config = world.config.services[service]
  const isWanted = after !== null && config !== undefined
  return {
    service,
    after,
    recorded,
    hosts: isWanted ? book.wanted(config) : [],
    unreachable: isWanted ? unreachableOf(config.strategy) : 'fail',
  }
}

/** Throws USAGE for words that fit no host. */
export async function hostsMeant(
  world: World,
  only: Plan['only'] | null,
  signal: AbortSignal,
): Promise<(host: HostSpec) => boolean> {
  if (only === null || only === undefined) return () => true
  const chosen = new Set(selectHosts(await world.hosts.all(signal), only).map(({ name }) => name))
  return ({ name }) => chosen.has(name)
}
