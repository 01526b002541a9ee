/** Gives a piece of work a time limit and a way to be cancelled, and never waits for ever for it to notice. */
import { DeployError } from '../base/deploy-error.js'
import { formatDuration } from '../base/duration.js'
import type { Clock } from '../model/clock.js'

/** After a time-out or a cancellation the work has this long to clean up (a hook's TERM and KILL fit in it). */
const settleMs = 30_000

/**
 * Resolves or rejects with the work; when the limit passes or `outer` aborts, the work's signal aborts, the work is given
 * `settleMs` to end, and the answer is a rejection with the reason. The work's own last words become its details.
 */
export async function within(
  limitMs: number,
  outer: AbortSignal,
  clock: Clock,
  what: string,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const controller = new AbortController()
  const over = new AbortController()
  const cancel = (): void => controller.abort(outer.reason)
  outer.addEventListener('abort', cancel, { once: true })
  if (outer.aborted) cancel()
  const limit = clock.sleep(limitMs, over.signal).then(() => {
    if (over.signal.aborted) return
    controller.abort(new DeployError('TIMEOUT', `${what} took longer than ${formatDuration(limitMs)}`))
  })
  try {
    await Promise.race([work(controller.signal), abandonment(controller.signal, over.signal, clock)])
  } catch (error) {
    if (!controller.signal.aborted) throw error
    throw withLastWords(controller.signal.reason, error)
  } finally {
    over.abort()
    outer.removeEventListener('abort', cancel)
    await limit
  }
}

/** Rejects when the work was told to stop and has not stopped in time; otherwise it never settles. */
async function abandonment(told: AbortSignal, over: AbortSignal, clock: Clock): Promise<void> {
  await new Promise<void>((resolve) => {
    if (told.aborted) resolve()
    else told.addEventListener('abort', () => resolve(), { once: true })
  })
  await clock.sleep(settleMs, over)
  throw told.reason
}

function withLastWords(reason: unknown, error: unknown): unknown {
  if (!(reason instanceof DeployError) || error === reason || !(error instanceof DeployError)) return reason
  return new DeployError(reason.code, reason.message, {
    details: [...reason.details, ...(error.code === reason.code ? [] : [error.message]), ...error.details],
    ...(reason.hint === undefined ? {} : { hint: reason.hint }),
    cause: error,
  })
}
