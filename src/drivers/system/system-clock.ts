/** The real clock: the one place that reads the time and sets timers for others. */
import { performance } from 'node:perf_hooks'
import type { Clock } from '../../model/clock.js'
import { onAbort } from './on-abort.js'

/** A longer delay makes Node's timer fire at once; so long sleeps are taken in naps. */
export const longestTimerMs = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  async sleep(ms, signal) {
    const end = performance.now() + ms
    for (let leftMs = ms; leftMs > 0 && signal?.aborted !== true; leftMs = end - performance.now()) {
      await nap(Math.min(leftMs, longestTimerMs), signal)
    }
  },
}

function nap(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      clearTimeout(timer)
      forget()
      resolve()
    }
    const timer = setTimeout(wake, Math.ceil(ms))
    let forget = (): void => undefined
    if (signal !== undefined) forget = onAbort(signal, wake)
  })
}
