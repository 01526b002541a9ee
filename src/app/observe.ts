/** Looks at what is really there, for every service of a plan: at the place where it runs, or where it is to run. */
import pLimit from 'p-limit'
import type { Instance } from '../model/instance.js'
import type { DriverSpec } from '../model/spec.js'
import type { Deployed, RecordedState } from '../model/state.js'
import type { Observation } from '../model/target.js'
import type { Plan } from '../model/plan.js'
import { samePlace } from '../plan/diff.js'
import type { World } from './world.js'

/** Looks at once; each reads a handful of small files. */
const looksAtOnce = 16

export interface Sight {
  readonly service: string
  /** The target it should have, or null when the service is to go. */
  readonly target: DriverSpec | null
  readonly recorded: Deployed | null
}

export async function observe(
  world: World,
  sights: readonly Sight[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly Observation[]>> {
  const limit = pLimit(looksAtOnce)
  const looks = sights.map((sight) =>
    limit(async () => {
      const place = placeOf(world, sight)
      const seen = place === null ? [] : [await world.target(place.spec).inspect(place.active, signal)]
      return [sight.service, seen] as const
    }),
  )
  return new Map(await Promise.all(looks))
}

/** A service that moves to another place is looked at where it is to be: nothing of the record lies there. */
function placeOf(
  world: World,
  { target, recorded }: Sight,
): { readonly spec: DriverSpec; readonly active: Instance | null } | null {
  const active = recorded?.instances[0] ?? null
  if (target === null) return recorded === null ? null : { spec: recorded.spec.target, active }
  const stays = recorded !== null && samePlace(recorded.spec.target, target, world.traits(target.type))
  return { spec: target, active: stays ? active : null }
}

/** Looks again at what a plan was made from. Equal to its basis when nothing has moved. */
export async function observePlan(
  world: World,
  plan: Plan,
  state: RecordedState | null,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly Observation[]>> {
  const sights = plan.changes.map(({ service, after }): Sight => {
    const recorded = state?.services[plan.renamed[service] ?? service]?.active ?? null
    return { service, target: after?.spec.target ?? null, recorded }
  })
  return observe(world, sights, signal)
}
