/**
 * When each source is asked next: its interval, a little sooner or later so that many agents do not ask at once, and
 * ever less often while it cannot be asked. Monotonic time only, so that a clock that is set changes nothing.
 */
export interface Rhythm {
  /** The sources whose time has come. */
  due(nowMs: number): readonly string[]
  answered(source: string, nowMs: number): void
  failed(source: string, nowMs: number): void
  /** All of them at once. */
  hurry(): void
  /** Until the next one is due. */
  untilNextMs(nowMs: number): number
}

/** A tenth to either side. */
const jitter = 0.1
/** However long an outage: when it ends, it is seen within this time. */
const longestMs = 5 * 60_000

export function createRhythm(
  intervalsMs: { readonly [source: string]: number },
  random: () => number,
): Rhythm {
  const next = new Map(Object.keys(intervalsMs).map((source) => [source, 0]))
  const failures = new Map<string, number>()
  const plan = (source: string, nowMs: number, factor: number): void => {
    const intervalMs = intervalsMs[source] ?? 0
    const waitMs = Math.max(intervalMs, Math.min(intervalMs * factor, longestMs))
    next.set(source, nowMs + waitMs * (1 - jitter + 2 * jitter * random()))
  }
  return {
    due: (nowMs) => [...next].filter(([, atMs]) => atMs <= nowMs).map(([source]) => source),
    answered(source, nowMs) {
      failures.delete(source)
      plan(source, nowMs, 1)
    },
    failed(source, nowMs) {
      const before = failures.get(source) ?? 0
      failures.set(source, before + 1)
      plan(source, nowMs, 2 ** Math.min(before, 10))
    },
    hurry() {
      for (const source of next.keys()) next.set(source, 0)
    },
    untilNextMs: (nowMs) =>
      Math.max(0, Math.min(longestMs, ...[...next.values()].map((atMs) => atMs - nowMs))),
  }
}
