/** What HAProxy does now, told by the names in our note. */
import { DeployError } from '../../../base/deploy-error.js'
import type { RouterEnd, RouterView } from '../../../model/router.js'
import type { Place } from './proxy.js'
import { NotRunning } from './runtime-socket.js'
import { readRecord, type SlotRecord, type Tenant } from './slot-record.js'
import { hasTraffic, readSlots, type Slot } from './slots.js'

export async function look({ proxy, folder }: Place, signal: AbortSignal): Promise<RouterView> {
  try {
    const trouble = await proxy.trouble(signal)
    const [record, slots] = await Promise.all([readRecord(folder, proxy.backend), readSlots(proxy, signal)])
    return { ends: endsOf(record, slots), trouble: trouble ?? troubleOf(record, slots) }
  } catch (error) {
    if (signal.aborted) throw error
    if (error instanceof NotRunning) return { ends: [], trouble: error.message }
    if (error instanceof DeployError) return { ends: [], trouble: sentence(error) }
    throw error
  }
}

function endsOf(record: SlotRecord, slots: readonly Slot[]): readonly RouterEnd[] {
  return slots.flatMap((slot) => {
    const tenant = record[slot.name]
    if (tenant === undefined) return []
    const { name, host, port } = tenant
    return [{ name, address: { host, port }, weight: weightOf(tenant, slot) }]
  })
}

/** As it was asked for when HAProxy has it so; else what it has, on the same scale. */
function weightOf(tenant: Tenant, slot: Slot): number {
  if (!hasTraffic(slot)) return 0
  if (slot.share === tenant.share) return tenant.weight
  return tenant.share === 0 ? slot.share : (tenant.weight * slot.share) / tenant.share
}

/** Traffic that goes where it was not sent, or does not come to where it was. */
function troubleOf(record: SlotRecord, slots: readonly Slot[]): string | null {
  for (const slot of slots.filter(hasTraffic)) {
    const tenant = record[slot.name]
    const at = `${slot.host}:${slot.port}`
    if (tenant === undefined)
      return `HAProxy sends traffic to ${at} (${slot.name}), which deployctl did not set.`
    if (slot.host !== tenant.host || slot.port !== tenant.port) {
      return `HAProxy sends the traffic of ${tenant.name} (${slot.name}) to ${at}, not to ${tenant.host}:${tenant.port}.`
    }
    if (slot.state === 'ready' && !slot.isUp)
      return `HAProxy’s own check says that ${tenant.name} (${slot.name}) is down.`
  }
  return null
}

function sentence({ message }: DeployError): string {
  return /[.!?]$/.test(message) ? message : `${message}.`
}
