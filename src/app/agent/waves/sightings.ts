/**
 * Who is dead, without anybody's clock: a slot whose beat has not changed for as long as it says, by the time that has
 * passed here. Its holder gives it up at half of that, so that it has stopped before it is taken for dead. Pure.
 */
import type { Board, Slot } from './board.js'

/** How long a holder may believe in its slot after the last sign of life that got through. */
export function sureForMs({ expiryMs }: Slot): number {
  return expiryMs / 2
}

export interface Sightings {
  /** Notes what stands on the board, read at this time. */
  see(board: Board, nowMs: number): void
  isDead(slot: Slot, nowMs: number): boolean
}

export function createSightings(): Sightings {
  let seen = new Map<string, { readonly beat: number; readonly sinceMs: number }>()
  return {
    see(board, nowMs) {
      seen = new Map(
        board.slots.map(({ token, beat }) => {
          const known = seen.get(token)
          return [token, known?.beat === beat ? known : { beat, sinceMs: nowMs }] as const
        }),
      )
    },
    isDead({ token, beat, expiryMs }, nowMs) {
      const known = seen.get(token)
      return known?.beat === beat && nowMs - known.sinceMs >= expiryMs
    },
  }
}
