/** Time, as an argument: only drivers/system reads the real clock. */
export interface Clock {
  now(): Date
  /** Milliseconds that only go forward, for durations and deadlines; unaffected by clock jumps. */
  monotonicMs(): number
  /** Resolves after the time, or at once when the signal aborts (it never rejects). */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}
