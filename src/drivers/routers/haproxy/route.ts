/**
 * Sends the traffic to other instances: the new ones are raised before the old ones are lowered, because the other way
 * round there is a moment without any, and every request of that moment is a 503.
 *
 * An old one is put into maintenance, not to `drain`: there, visitors that know it by a cookie would go on coming. What
 * it has open goes on in either.
 */
import { isIP } from 'node:net'
import { DeployError } from '../../../base/deploy-error.js'
import type { RouterEnd } from '../../../model/router.js'
import type { OperationContext } from '../../../model/target.js'
import { assign, assignAnew } from './assign.js'
import { change, type Change } from './commands.js'
import type { Place, Proxy } from './proxy.js'
import { readRecord, writeRecord, type SlotRecord, type Tenant } from './slot-record.js'
import { canonicalHost, hasTraffic, readSlots, type Slot } from './slots.js'

export async function route(
  place: Place,
  ends: readonly RouterEnd[],
  context: OperationContext,
): Promise<void> {
  const { proxy, folder } = place
  const { signal } = context
  const wanted = ends.map(canonical)
  const before = await readRecord(folder, proxy.backend)
  const atStart = assignAnew(wanted)
  if ((await proxy.ensure(before, atStart, context)) === 'started') {
    await writeRecord(folder, proxy.backend, atStart)
    return confirm(place, atStart, signal)
  }
  const slots = await readSlots(proxy, signal)
  const { during, after } = assign(proxy, slots, before, wanted)
  await writeRecord(folder, proxy.backend, during)
  for (const step of changesTo(after, slots)) await change(proxy, step, signal)
  await writeRecord(folder, proxy.backend, after)
  await proxy.persist(after)
  await confirm(place, after, signal)
}

/** Only what differs, so that a second time there is nothing to do. */
function changesTo(after: SlotRecord, slots: readonly Slot[]): readonly Change[] {
  const pairs = slots.flatMap((slot) => {
    const tenant = after[slot.name]
    return tenant === undefined ? [] : [{ slot, tenant }]
  })
  const rises = ({ slot, tenant }: (typeof pairs)[number]): number => tenant.share - heightOf(slot)
  pairs.sort((a, b) => rises(b) - rises(a))
  return pairs.flatMap(({ slot, tenant }) =>
    (tenant.share > 0 ? raising(slot, tenant) : lowering(slot)).map((what) => ({ slot: slot.name, what })),
  )
}

function heightOf(slot: Slot): number {
  return hasTraffic(slot) ? slot.share : 0
}

function raising(slot: Slot, { host, port, share }: Tenant): readonly string[] {
  return [
    ...(slot.host === host && slot.port === port ? [] : [`addr ${host} port ${port}`]),
    ...(slot.share === share ? [] : [`weight ${share}`]),
    ...(slot.state === 'ready' ? [] : ['state ready']),
  ]
}

function lowering(slot: Slot): readonly string[] {
  return [...(slot.share === 0 ? [] : ['weight 0']), ...(slot.state === 'maint' ? [] : ['state maint'])]
}

function canonical(end: RouterEnd): RouterEnd {
  const { host, port } = end.address
  if (isIP(host) === 0) {
    throw new DeployError('TARGET_REFUSED', `HAProxy takes no name for the address of ${end.name}: ${host}`, {
      hint: 'It needs an IP address. Choose a target, network or engine address that gives one.',
    })
  }
  return { ...end, address: { host: canonicalHost(host), port } }
}

const confirmWithinMs = 10_000
const confirmEveryMs = 50

/** Until HAProxy says so itself. One whose own check is on may need a moment, or never agree. */
async function confirm({ proxy, clock }: Place, after: SlotRecord, signal: AbortSignal): Promise<void> {
  const deadline = clock.monotonicMs() + confirmWithinMs
  for (;;) {
    const doubts = doubtsOf(after, await readSlots(proxy, signal))
    if (doubts.length === 0) return
    if (clock.monotonicMs() >= deadline) throw unconfirmed(proxy, doubts)
    await clock.sleep(confirmEveryMs, signal)
  }
}

function doubtsOf(after: SlotRecord, slots: readonly Slot[]): readonly string[] {
  const found = new Map(slots.map((slot) => [slot.name, slot]))
  return Object.entries(after).flatMap(([name, tenant]) => {
    const slot = found.get(name)
    if (slot === undefined) return [`${name} of ${tenant.name} is gone`]
    if (heightOf(slot) !== tenant.share) {
      return [`${name} (${tenant.name}) has weight ${heightOf(slot)}, not ${tenant.share}`]
    }
    if (tenant.share > 0 && (slot.host !== tenant.host || slot.port !== tenant.port)) {
      return [`${name} (${tenant.name}) is at ${slot.host}:${slot.port}, not ${tenant.host}:${tenant.port}`]
    }
    return tenant.share > 0 && !slot.isUp
      ? [`HAProxy’s own check says that ${name} (${tenant.name}) is down`]
      : []
  })
}

function unconfirmed(proxy: Proxy, doubts: readonly string[]): DeployError {
  return new DeployError(
    'TARGET_REFUSED',
    `${proxy.called} does not say what it was told within ${confirmWithinMs / 1000} s.`,
    {
      details: doubts,
      hint: `Does anything else change backend ${proxy.backend}? Ask: show servers state ${proxy.backend}`,
    },
  )
}
