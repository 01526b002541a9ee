/** Takes an instance out for good, before it stops: its address may be another's a moment later. */
import { change, nowhere } from './commands.js'
import type { Place } from './proxy.js'
import { NotRunning } from './runtime-socket.js'
import { readRecord, writeRecord } from './slot-record.js'
import { readSlots, type Slot } from './slots.js'

export async function forget({ proxy, folder }: Place, name: string, signal: AbortSignal): Promise<void> {
  const record = await readRecord(folder, proxy.backend)
  const own = Object.keys(record).filter((slot) => record[slot]?.name === name)
  if (own.length === 0) return
  const slots = await slotsUnlessDown()
  for (const slot of slots.filter((one) => own.includes(one.name))) await empty(slot)
  const rest = Object.fromEntries(Object.entries(record).filter(([slot]) => !own.includes(slot)))
  // HAProxy's own file first: with the note gone, nobody would come back to it.
  await proxy.persist(rest)
  await writeRecord(folder, proxy.backend, rest)

  /** One that does not run sends nothing anywhere; what it starts with is written below. */
  async function slotsUnlessDown(): Promise<readonly Slot[]> {
    try {
      return await readSlots(proxy, signal)
    } catch (error) {
      if (error instanceof NotRunning) return []
      throw error
    }
  }

  async function empty({ name: slot, state, host, port }: Slot): Promise<void> {
    if (state !== 'maint') await change(proxy, { slot, what: 'state maint' }, signal)
    if (host === nowhere.host && port === nowhere.port) return
    await change(proxy, { slot, what: `addr ${nowhere.host} port ${nowhere.port}` }, signal)
  }
}
