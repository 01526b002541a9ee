/** Looks at what is really there, for every service of a plan: at the place where it runs, or where it is to run. */
import pLimit from 'p-limit'
import type { DriverSpec } from '../model/spec.js'
import type { RecordedService, RecordedState } from '../model/state.js'
import type { Observation, RecordedInstances } from '../model/target.js'
import type { Plan } from '../model/plan.js'
import { thisHost } from '../model/host-spec.js'
import { samePlace } from '../plan/diff.js'
import type { World } from './world.js'

/** Looks at once; each reads a handful of small files. */
const looksAtOnce = 16

export interface Sight {
  readonly service: string
  /** The target it should have, or null when the service is to go. */
  readonly target: DriverSpec | null
  readonly recorded: RecordedService | null
}

export async function observe(
  world: World,
  sights: readonly Sight[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly Observation[]>> {
  const limit = pLimit(looksAtOnce)
  const looks = sights.map((sight) =>
    limit(async (): Promise<readonly [string, readonly Observation[]]> => {
      const { service } = sight
      const place = placeOf(world, sight)
      if (place === null) return [service, []]
      const target = world.target(place.spec, { service, host: thisHost })
      return [service, [await target.inspect(place.recorded, signal)]]
    }),
  )
  return new Map(await Promise.all(looks))
}

/** What is recorded to be there: what serves, and what is up to go back to. */
export function recordedInstances(recorded: RecordedService | null): RecordedInstances {
  const warm = recorded?.previous.filter((deployed) => deployed.warmUntil !== undefined) ?? []
  return {
    active: recorded?.active.instances ?? [],
    previous: warm.flatMap((deployed) => deployed.instances),
  }
}

/** A service that moves to another place is looked at where it is to be: nothing of the record lies there. */
function placeOf(
  world: World,
  { target, recorded }: Sight,
): { readonly spec: DriverSpec; readonly recorded: RecordedInstances } | null {
  const there = recordedInstances(recorded)
  if (target === null)
    return recorded === null ? null : { spec: recorded.active.spec.target, recorded: there }
  const stays = recorded !== null && samePlace(recorded.active.spec.target, target, world.traits(target.type))
  return { spec: target, recorded: stays ? there : recordedInstances(null) }
}

/** Looks again at what a plan was made from. Equal to its basis when nothing has moved. */
export async function observePlan(
  world: World,
  plan: Plan,
  state: RecordedState | null,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly Observation[]>> {
  const sights = plan.changes.map(({ service, after }): Sight => {
    const recorded = state?.services[plan.renamed[service] ?? service] ?? null
    return { service, target: after?.spec.target ?? null, recorded }
  })
  return observe(world, sights, signal)
}
