/**
 * Connecting to the hosts of a plan while its sources are asked and their answers thought about: that takes as long as
 * everything else before the first look. Nobody waits for it, and what goes wrong is told where the host is looked at.
 */
import { localHost } from '../model/host-spec.js'
import { forHost } from '../model/interpolate-host.js'
import type { RecordedState } from '../model/state.js'
import type { HostBook } from './host-book.js'
import { hostsMeant, hostsOf, placeOf, sightOf } from './observe.js'
import type { PlanRequest } from './requests.js'
import type { World } from './world.js'

export function approachHosts(
  world: World,
  services: readonly string[],
  state: RecordedState | null,
  { opened, only }: { readonly opened: Promise<HostBook>; readonly only: PlanRequest['only'] },
  signal: AbortSignal,
): void {
  const begin = async (): Promise<void> => {
    const book = await opened
    const isMeant = await hostsMeant(world, only, signal)
    for (const service of services) {
      const config = world.config.services[service]
      const after = config === undefined ? null : { spec: { target: config.target, checks: config.checks } }
      const sight = sightOf(world, service, after, state?.services[service] ?? null, book)
      for (const host of hostsOf(sight, book)) {
        if (host.name === localHost || !isMeant(host)) continue
        const place = placeOf(world, sight, host.name)
        if (place === null) continue
        world.target(forHost(place.spec, host).value, { service, host }).approach?.()
      }
    }
  }
  begin().catch(() => undefined)
}
