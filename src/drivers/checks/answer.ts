/** How checks word what they saw: short, on one line, harmless in a terminal. One voice for all kinds. */
import type { Clock } from '../../model/clock.js'
import type { ProbeAnswer } from '../../model/health-check.js'
import { formatDuration } from '../../base/duration.js'

export function healthy(seen: string): ProbeAnswer {
  return { healthy: true, seen }
}

export function unhealthy(seen: string, details: readonly string[] = []): ProbeAnswer {
  return { healthy: false, seen, ...(details.length === 0 ? {} : { details }) }
}

/** Foreign text made fit to be shown: no control or direction characters, white space collapsed, cut at `limit`. */
export function excerpt(text: string, limit = 160): string {
  const plain = text
    .replaceAll(/[\p{Cc}\p{Cf}]/gu, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
  const characters = Array.from(plain)
  return characters.length <= limit ? plain : `${characters.slice(0, limit - 1).join('')}…`
}

/**
 * Runs one probe so that an abort ends the waiting at once, also where the work itself cannot be interrupted (a look
 * at a hung network disk). `silence` words the answer then, from the time that was waited.
 */
export async function probeUntilAborted(
  clock: Clock,
  signal: AbortSignal,
  silence: (waited: string) => string,
  work: () => Promise<ProbeAnswer>,
): Promise<ProbeAnswer> {
  const startedMs = clock.monotonicMs()
  const gaveUp = () => unhealthy(silence(formatDuration(clock.monotonicMs() - startedMs)))
  if (signal.aborted) return gaveUp()
  let onAbort = () => {}
  const aborted = new Promise<ProbeAnswer>((resolve) => {
    onAbort = () => resolve(gaveUp())
    signal.addEventListener('abort', onAbort)
  })
  try {
    return await Promise.race([aborted, work()])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
