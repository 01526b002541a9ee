/**
 * Doing something again that may succeed the next time, with growing pauses. Apart from what is done, so that
 * downloads and small requests share one idea of patience; pauses are taken from the clock port, not from p-retry.
 */
import pRetry, { type RetryContext } from 'p-retry'
import { DeployError } from '../../base/deploy-error.js'
import type { Clock } from '../../model/clock.js'

/** One attempt failed. It carries the error to show should it be the last, and whether another attempt makes sense. */
export class Setback extends Error {
  readonly shown: DeployError
  readonly again: boolean
  /** What the server asked us to wait. */
  readonly retryAfterMs: number | null
  /** It brought us forward all the same, so it does not count as a failure in a row. */
  readonly progressed: boolean

  constructor(
    shown: DeployError,
    parts: { readonly again: boolean; readonly retryAfterMs?: number | null; readonly progressed?: boolean },
  ) {
    super(shown.message)
    this.shown = shown
    this.again = parts.again
    this.retryAfterMs = parts.retryAfterMs ?? null
    this.progressed = parts.progressed ?? false
  }
}

export interface RetryPolicy {
  /** After the first attempt. */
  readonly retries: number
  /** The first pause; each further one is twice as long, up to `longestPauseMs`. */
  readonly firstPauseMs: number
  readonly longestPauseMs: number
  /** A server that asks for a longer wait than this is not waited for. */
  readonly patienceMs: number
}

export const patientPolicy: RetryPolicy = {
  retries: 5,
  firstPauseMs: 500,
  longestPauseMs: 15_000,
  patienceMs: 60_000,
}

/** Runs the attempt until it succeeds, its setback is final, or the retries are used up. Throws the error to show. */
export async function withRetries<T>(
  attempt: () => Promise<T>,
  policy: RetryPolicy,
  clock: Clock,
  signal: AbortSignal,
): Promise<T> {
  let attempts = 0
  const pauseThenAgain = async ({ error, retriesConsumed }: RetryContext): Promise<boolean> => {
    if (!(error instanceof Setback) || !error.again) return false
    const pauseMs = pauseBefore(retriesConsumed, error.retryAfterMs, policy)
    if (pauseMs === null) return false
    await clock.sleep(pauseMs, signal)
    return true
  }
  try {
    return await pRetry(
      () => {
        attempts++
        return attempt()
      },
      {
        retries: policy.retries,
        minTimeout: 0,
        shouldConsumeRetry: ({ error }) => !(error instanceof Setback && error.progressed),
        shouldRetry: pauseThenAgain,
      },
    )
  } catch (error) {
    if (!(error instanceof Setback)) throw error
    throw attempts === 1 ? error.shown : counted(error.shown, attempts)
  }
}

/** Half of the pause is chance, so that many hosts do not come back in step. Null: longer than we have patience for. */
function pauseBefore(failures: number, retryAfterMs: number | null, policy: RetryPolicy): number | null {
  const wholeMs = Math.min(policy.longestPauseMs, policy.firstPauseMs * 2 ** failures)
  const ownMs = wholeMs / 2 + (Math.random() * wholeMs) / 2
  if (retryAfterMs === null) return ownMs
  return retryAfterMs > policy.patienceMs ? null : Math.max(retryAfterMs, 0) + ownMs / 4
}

function counted(error: DeployError, attempts: number): DeployError {
  return new DeployError(error.code, error.message, {
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    details: [...error.details, `tried ${attempts} times`],
    cause: error.cause,
  })
}
