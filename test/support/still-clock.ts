/** A clock that stands still, so that doing the same leaves the same records. */
import type { Clock } from '../../src/model/clock.js'

export const stillClock: Clock = {
  now: () => new Date('2026-03-04T05:06:07.000Z'),
  monotonicMs: () => 0,
  sleep: async () => undefined,
}
