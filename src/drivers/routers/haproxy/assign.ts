/**
 * Who gets which slot. Pure, and the same for the same world, so that whoever was killed after a half of a switch
 * comes to the same slots again.
 */
import { DeployError } from '../../../base/deploy-error.js'
import type { RouterEnd } from '../../../model/router.js'
import type { Proxy } from './proxy.js'
import { sharesOf } from './shares.js'
import type { SlotRecord, Tenant } from './slot-record.js'
import { hasTraffic, slotLines, type Slot } from './slots.js'

export interface Assignment {
  /** While the switch lasts: the new ones, and the old ones as they were. */
  readonly during: SlotRecord
  /** Afterwards: the old ones without traffic. */
  readonly after: SlotRecord
}

/** `ends` with addresses as HAProxy shows them. */
export function assign(
  proxy: Proxy,
  slots: readonly Slot[],
  record: SlotRecord,
  ends: readonly RouterEnd[],
): Assignment {
  const names = new Set(slots.map(({ name }) => name))
  const known = Object.entries(record).filter(([slot]) => names.has(slot)) // a slot may have been configured away
  const slotOf = new Map(known.map(([slot, { name }]) => [name, slot]))
  const strangers = slots.filter((slot) => record[slot.name] === undefined && !isFree(slot))
  for (const end of ends.filter(({ name }) => !slotOf.has(name))) {
    // Where the note is lost, an instance that has a slot is found by its address.
    const at = strangers.findIndex((slot) => slot.host === end.address.host && slot.port === end.address.port)
    const [found] = at < 0 ? [] : strangers.splice(at, 1)
    if (found !== undefined) slotOf.set(end.name, found.name)
  }
  const busy = strangers.filter(hasTraffic)
  if (busy.length > 0) throw foreign(proxy, busy)
  const free = slots.filter((slot) => record[slot.name] === undefined && isFree(slot))
  for (const end of ends.filter(({ name }) => !slotOf.has(name))) {
    const slot = free.shift()
    if (slot === undefined) throw full(proxy, slots, ends.length)
    slotOf.set(end.name, slot.name)
  }
  const shares = sharesOf(ends.map(({ weight }) => weight))
  const wanted = ends.map((end, at): [string, Tenant] => [
    slotOf.get(end.name) ?? '',
    { name: end.name, ...end.address, weight: end.weight, share: shares[at] ?? 0 },
  ])
  const idle = known.map(([slot, tenant]): [string, Tenant] => [slot, { ...tenant, weight: 0, share: 0 }])
  return {
    during: Object.fromEntries([...known, ...wanted]),
    after: Object.fromEntries([...idle, ...wanted]),
  }
}

/** For an HAProxy that is about to be started: nothing is open anywhere, so that only `ends` need slots. */
export function assignAnew(ends: readonly RouterEnd[]): SlotRecord {
  const shares = sharesOf(ends.map(({ weight }) => weight))
  return Object.fromEntries(
    ends.map((end, at) => [
      `slot${at + 1}`,
      { name: end.name, ...end.address, weight: end.weight, share: shares[at] ?? 0 },
    ]),
  )
}

/** Nobody's, and nothing of whoever had it is open any more. */
function isFree(slot: Slot): boolean {
  return slot.open === 0 && !hasTraffic(slot)
}

function foreign(proxy: Proxy, busy: readonly Slot[]): DeployError {
  const [first] = busy
  const server = `${proxy.backend}/${first?.name ?? ''}`
  return new DeployError(
    'TARGET_REFUSED',
    `Servers of backend ${proxy.backend} have traffic that deployctl did not give them.`,
    {
      hint: `The backend has to belong to this service alone. Take each of them out with \`set server ${server} state maint\`, or choose another backend.`,
      details: busy.map(({ name, host, port, share }) => `${name} at ${host}:${port}, weight ${share}`),
    },
  )
}

function full(proxy: Proxy, slots: readonly Slot[], wanted: number): DeployError {
  const taken = slots.filter(hasTraffic).length
  const draining = slots.filter((slot) => !hasTraffic(slot) && slot.open > 0).length
  return new DeployError(
    'TARGET_REFUSED',
    `Backend ${proxy.backend} of ${proxy.called} has no free slot: of ${slots.length}, ${taken} have traffic and ${draining} still drain; ${wanted} instances are to get traffic.`,
    {
      hint: 'Give it more slots: slots: in deploy.yaml, or more lines like these.',
      details: slotLines(proxy),
    },
  )
}
