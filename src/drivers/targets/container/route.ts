/** Moving traffic: addresses are looked up afresh, since a container that was started again has another one. */
import { DeployError } from '../../../base/deploy-error.js'
import { copyName } from '../../../model/instance.js'
import type { RouterEnd } from '../../../model/router.js'
import type { OperationContext, RoutedShare } from '../../../model/target.js'
import { addressIn } from './address-in.js'
import { findContainer, howItEnded } from './containers.js'
import { lastLinesOf } from './last-words.js'
import type { Place } from './place.js'

/** Without a router, traffic comes to whatever runs: then it is only seen to that it does. */
export async function routeTo(
  place: Place,
  to: readonly RoutedShare[],
  context: OperationContext,
): Promise<void> {
  const ends: RouterEnd[] = []
  for (const { instance, weight } of to) {
    const name = copyName(instance)
    const container = await findContainer(place, instance, context.signal)
    const ended = container === null ? 'there is no container of it' : howItEnded(container)
    if (container === null || ended !== null) {
      throw new DeployError('TARGET_REFUSED', `${name} cannot serve: ${ended ?? ''}.`, {
        details: container === null ? [] : await lastLinesOf(place, container, context.signal),
      })
    }
    if (place.router === null) continue
    const address = addressIn(container, place.options, await place.engine.address())
    if (address === null) {
      const network = place.options.networks[0] ?? 'the engine’s default network'
      throw new DeployError('TARGET_REFUSED', `${name} has no address in ${network}.`, {
        hint: 'Check networks:, and whether somebody disconnected the container.',
      })
    }
    ends.push({ name, address, weight })
  }
  await place.router?.route(ends, context)
}
