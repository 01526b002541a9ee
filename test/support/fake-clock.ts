/** A clock that only moves when nothing else can: sleeping costs no time, and deadlines still come in their order. */
import type { Clock } from '../../src/model/clock.js'

interface Sleeper {
  readonly atMs: number
  readonly wake: () => void
}

export function fakeClock(startMs = Date.parse('2026-01-01T00:00:00Z')): Clock {
  let nowMs = startMs
  const sleepers = new Set<Sleeper>()
  let pumping = false
  const pump = (): void => {
    if (pumping || sleepers.size === 0) return
    pumping = true
    setImmediate(() => {
      pumping = false
      const [first] = [...sleepers].sort((a, b) => a.atMs - b.atMs)
      if (first !== undefined) {
        nowMs = Math.max(nowMs, first.atMs)
        first.wake()
      }
      pump()
    })
  }
  return {
    now: () => new Date(nowMs),
    monotonicMs: () => nowMs - startMs,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve()
        const sleeper: Sleeper = {
          atMs: nowMs + ms,
          wake: () => {
            sleepers.delete(sleeper)
            signal?.removeEventListener('abort', sleeper.wake)
            resolve()
          },
        }
        sleepers.add(sleeper)
        signal?.addEventListener('abort', sleeper.wake)
        pump()
      }),
  }
}
