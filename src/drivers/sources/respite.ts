/**
 * Leaves a place in peace for a while that has just failed: someone who polls every few seconds must not make an
 * outage worse, and asking before a rate limit ends only prolongs it. In the meantime the last failure is the answer.
 *
 * Per process, and only for failures that pass by themselves; a wrong name or token is told anew each time.
 */
import { DeployError, type ErrorCode } from '../../base/deploy-error.js'
import { formatDuration } from '../../base/duration.js'
import type { Clock } from '../../model/clock.js'

export interface Respite {
  /** Does the work, or throws the last failure again. `failing`: it did not work the last time, so one try is enough. */
  around<T>(work: (failing: boolean) => Promise<T>): Promise<T>
  /** The place has said how long it wants to be left alone, should what is under way fail. */
  atLeast(ms: number): void
}

const firstRestMs = 20_000
const longestRestMs = 5 * 60_000
const passing: ReadonlySet<ErrorCode> = new Set(['SOURCE_UNREACHABLE', 'SOURCE_RATE_LIMITED', 'TIMEOUT'])

export function respite(clock: Clock): Respite {
  let last: { readonly error: DeployError; readonly untilMs: number } | null = null
  let failures = 0
  let askedMs = 0
  return {
    atLeast(ms) {
      askedMs = Math.max(askedMs, ms)
    },
    async around(work) {
      const waitMs = (last?.untilMs ?? 0) - clock.monotonicMs()
      if (last !== null && waitMs > 0) throw notAskedAgain(last.error, waitMs)
      askedMs = 0
      try {
        const answer = await work(failures > 0)
        failures = 0
        return answer
      } catch (error) {
        if (error instanceof DeployError && passing.has(error.code)) {
          const restMs = Math.min(firstRestMs * 2 ** failures++, longestRestMs)
          last = { error, untilMs: clock.monotonicMs() + Math.max(restMs, askedMs) }
        } else if (!(error instanceof DeployError && error.code === 'CANCELLED')) {
          failures = 0
        }
        throw error
      }
    },
  }
}

function notAskedAgain(error: DeployError, waitMs: number): DeployError {
  return new DeployError(error.code, error.message, {
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    details: [
      ...error.details,
      `this was its last answer; it is asked again in ${formatDuration(Math.ceil(waitMs / 1000) * 1000)}`,
    ],
    cause: error,
  })
}
