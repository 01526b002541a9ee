/**
 * What could not be deployed for a reason that is not the release's (a full disk, a place that is taken, a setting that
 * does not work) is tried again ever less often, for as long as it takes; and only its first failure is told.
 */
export interface Setbacks {
  /** Whether it failed before and its next try is not due yet. */
  isResting(key: string, nowMs: number): boolean
  hasFailed(key: string): boolean
  failed(key: string, nowMs: number): void
  succeeded(key: string): void
}

const firstRestMs = 30_000
const longestRestMs = 60 * 60_000
/** What failed longest ago is forgotten first. */
const mostKnown = 500

export function createSetbacks(): Setbacks {
  const known = new Map<string, { readonly failures: number; readonly untilMs: number }>()
  return {
    isResting: (key, nowMs) => (known.get(key)?.untilMs ?? 0) > nowMs,
    hasFailed: (key) => known.has(key),
    failed(key, nowMs) {
      const failures = (known.get(key)?.failures ?? 0) + 1
      const restMs = Math.min(firstRestMs * 2 ** (failures - 1), longestRestMs)
      known.delete(key)
      known.set(key, { failures, untilMs: nowMs + restMs })
      const [oldest] = known.keys()
      if (known.size > mostKnown && oldest !== undefined) known.delete(oldest)
    },
    succeeded: (key) => void known.delete(key),
  }
}
