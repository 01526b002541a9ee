/**
 * Finding instances again after an interruption: an engine that was restarted meanwhile gave its containers other
 * addresses, and the router still sends to the old ones. Who gets how much stays as it is.
 */
import { addressIn } from './address-in.js'
import { inspectContainer, listOurs, nameIn } from './containers.js'
import type { OperationContext } from '../../../model/target.js'
import type { RouterEnd } from '../../../model/router.js'
import type { Place } from './place.js'

export async function retraceInstances(place: Place, context: OperationContext): Promise<void> {
  const { router } = place
  if (router === null) return
  const { ends } = await router.look(context.signal)
  // What is found by its name needs no address.
  const routed = ends.flatMap((end) =>
    end.weight > 0 && end.address !== null ? [{ ...end, address: end.address }] : [],
  )
  if (routed.length === 0) return // also of one that does not run: a plan names that, and a switch mends it
  const found = await Promise.all(routed.map((end) => whereItIs(place, end, context.signal)))
  const hasMoved = found.some(({ address }, at) => show(address) !== show(routed[at]?.address ?? address))
  if (hasMoved) await router.route(found, context)
}

/** One that does not run stays where it was looked for. */
async function whereItIs(place: Place, end: RouterEnd, signal: AbortSignal): Promise<RouterEnd> {
  const listed = (await listOurs(place, signal)).find((container) => nameIn(container) === end.name)
  const container = listed === undefined ? null : await inspectContainer(place, listed.Id, signal)
  const address =
    container === null ? null : addressIn(container, place.options, await place.engine.address())
  return address === null ? end : { ...end, address }
}

function show({ host, port }: RouterEnd['address']): string {
  return `${host} ${port}`
}
