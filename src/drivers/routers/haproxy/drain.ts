/** Waits until instances that have lost their traffic have nothing open. */
import type { OperationContext } from '../../../model/target.js'
import { shutSessions } from './commands.js'
import type { Place } from './proxy.js'
import { NotRunning } from './runtime-socket.js'
import { readRecord } from './slot-record.js'
import { readOpen } from './slots.js'

const everyMs = 100
/** HAProxy closes what it was told to a moment later. */
const closingMs = 2000

export async function drain(
  place: Place,
  names: readonly string[],
  deadlineMs: number,
  context: OperationContext,
): Promise<boolean> {
  const { proxy, folder, clock, longLived } = place
  const { signal } = context
  const record = await readRecord(folder, proxy.backend)
  const slots = Object.keys(record).filter((slot) => names.includes(record[slot]?.name ?? ''))
  try {
    if (await idleWithin(place, slots, deadlineMs, context)) return true
    if (longLived === 'wait' || signal.aborted) return false
    for (const slot of slots) await shutSessions(proxy, slot, signal)
    return await idleWithin(place, slots, closingMs, context)
  } catch (error) {
    if (error instanceof NotRunning) return true // with it, everything that was open has ended
    throw error
  }

  async function idleWithin(
    { proxy }: Place,
    slots: readonly string[],
    ms: number,
    { onProgress }: OperationContext,
  ): Promise<boolean> {
    const deadline = clock.monotonicMs() + ms
    let quiet = 0
    for (;;) {
      const open = await readOpen(proxy, signal)
      const rest = slots.reduce((sum, slot) => sum + (open.get(slot) ?? 0), 0)
      const older = await proxy.hasPredecessors(signal)
      // Twice, because a request that was given its server this very moment is not counted yet.
      quiet = rest === 0 && !older ? quiet + 1 : 0
      if (quiet === 2) return true
      onProgress({
        done: 0,
        total: null,
        unit: 'tries',
        label: older ? 'an older HAProxy still serves' : `${rest} open`,
      })
      if (clock.monotonicMs() >= deadline || signal.aborted) return false
      await clock.sleep(Math.min(everyMs, Math.max(1, deadline - clock.monotonicMs())), signal)
    }
  }
}
