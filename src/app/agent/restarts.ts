/** How often what runs on this machine was started again by whoever keeps it up: an engine, or the holder of a process. */
import { specOn } from '../../model/spec.js'
import { thisHost } from '../../model/host-spec.js'
import type { Deployed, RecordedState } from '../../model/state.js'
import type { World } from '../world.js'

/** For all of them: whoever asks for metrics does not wait for long. */
const patienceMs = 3000

/** By service, of those whose target has a word for it; what cannot be asked now is left out. */
export async function restartsOf(
  world: World,
  state: RecordedState | null,
): Promise<ReadonlyMap<string, number>> {
  const limit = new AbortController()
  const over = new AbortController()
  void world.clock.sleep(patienceMs, over.signal).then(() => limit.abort())
  const services = Object.entries(state?.services ?? {})
  const counted = await Promise.all(
    services.map(async ([service, { active }]) => {
      const restarts = await restartsOfService(world, service, active, limit.signal).catch(() => null)
      return restarts === null ? [] : [[service, restarts] as const]
    }),
  )
  over.abort()
  return new Map(counted.flat())
}

async function restartsOfService(
  world: World,
  service: string,
  active: Deployed,
  signal: AbortSignal,
): Promise<number | null> {
  const target = world.target(specOn(active, thisHost.name).target, { service, host: thisHost })
  const own = active.instances.filter(({ host }) => host === thisHost.name)
  if (target.reach === undefined || own.length === 0) return null
  let restarts = 0
  for (const instance of own) restarts += (await target.reach(instance, signal)).restarts
  return restarts
}
