/** The last instance has gone: an HAProxy of our own ends, and its folder is cleared of what we wrote there. */
import { rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { OperationContext } from '../../../model/target.js'
import type { Place } from './proxy.js'
import { NotRunning } from './runtime-socket.js'
import { hasTraffic, readSlots } from './slots.js'

const ours = ['haproxy.cfg', 'haproxy.pid', 'admin.sock', 'predecessors.json', 'slots.json'] as const

export async function end({ proxy, folder }: Place, context: OperationContext): Promise<void> {
  if (proxy.end === undefined) return
  try {
    // A service that moved to another engine may be behind it still.
    if ((await readSlots(proxy, context.signal)).some(hasTraffic)) return
    await proxy.end(context)
  } catch (error) {
    if (!(error instanceof NotRunning)) throw error
  }
  await Promise.all(ours.map((name) => rm(join(folder, name), { force: true })))
  await rmdir(folder).catch(() => undefined) // somebody else has something in it
}
