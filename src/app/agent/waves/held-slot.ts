/**
 * A slot that this agent holds: signs of life while it deploys, and a signal when the slot is lost. It is lost when it no
 * longer stands on the board, and when no sign of life got through for half of its expiry: others wait for the whole.
 */
import { DeployError } from '../../../base/deploy-error.js'
import type { Clock } from '../../../model/clock.js'
import { hasSlot, withBeat, withoutSlot } from './board-laws.js'
import type { Slot } from './board.js'
import { sureForMs } from './sightings.js'
import type { SharedBoard } from './shared-board.js'

export interface HeldSlot {
  /** Aborts with the reason: what was begun under it must not go on. */
  readonly lost: AbortSignal
  /** Asks the clock, not the timers: after the process was stopped for a while these come late. */
  verify(): void
  /** Ends the signs of life and gives the slot to others; one that cannot be given back expires. */
  leave(): Promise<void>
}

/** `takenAtMs`: monotonic, from before the request that wrote the slot. */
export function holdSlot(board: SharedBoard, slot: Slot, takenAtMs: number, clock: Clock): HeldSlot {
  const lost = new AbortController()
  const done = new AbortController()
  const patienceMs = sureForMs(slot)
  let sureAtMs = takenAtMs
  const lose = (why: string): void => {
    if (done.signal.aborted) return
    done.abort()
    lost.abort(
      new DeployError('LOCK_LOST', `the slot of this host was lost: ${why}`, {
        hint: 'The release is tried again when a slot is free.',
      }),
    )
  }
  const verify = (): void => {
    if (clock.monotonicMs() - sureAtMs >= patienceMs)
      lose('the lease could not be renewed in time, and others may deploy now')
  }
  const guard = async (): Promise<void> => {
    while (!isOver(done.signal)) {
      await clock.sleep(Math.max(1, sureAtMs + patienceMs - clock.monotonicMs()), done.signal)
      if (!isOver(done.signal)) verify()
    }
  }
  const beat = async (): Promise<void> => {
    for (;;) {
      await clock.sleep(slot.expiryMs / 8, done.signal)
      if (isOver(done.signal)) return
      const beganMs = clock.monotonicMs()
      try {
        const now = await board.change((before) => withBeat(before, slot.token), done.signal)
        if (hasSlot(now, slot.token)) sureAtMs = beganMs
        else lose('another host took this one for dead')
      } catch {
        // the guard ends it when this goes on for too long
      }
    }
  }
  const guarding = guard()
  const beating = beat()
  return {
    lost: lost.signal,
    verify,
    async leave() {
      done.abort()
      await Promise.allSettled([guarding, beating])
      const limit = new AbortController()
      const over = clock.sleep(patienceMs, limit.signal).then(() => limit.abort())
      await board.change((now) => withoutSlot(now, slot.token), limit.signal).finally(() => limit.abort())
      await over
    },
  }
}

function isOver(signal: AbortSignal): boolean {
  return signal.aborted
}
