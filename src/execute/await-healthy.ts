/** Probes until a service is believed to be healthy, or gives up and says what was seen last. */
import { DeployError } from '../base/deploy-error.js'
import { formatDuration } from '../base/duration.js'
import type { Clock } from '../model/clock.js'
import type { Progress } from '../model/event.js'
import type { HealthCheck, ProbeAnswer, ProbePlace } from '../model/health-check.js'
import type { CheckSpec } from '../model/spec.js'

export async function awaitHealthy(
  spec: CheckSpec,
  check: HealthCheck,
  placeNow: () => Promise<ProbePlace>,
  deps: {
    readonly clock: Clock
    readonly onProgress: (progress: Progress) => void
    readonly signal: AbortSignal
  },
): Promise<void> {
  const { clock, signal } = deps
  const startedMs = clock.monotonicMs()
  let good = 0
  let tries = 0
  let last: ProbeAnswer = { healthy: false, seen: 'it was never probed' }
  for (;;) {
    const place = await placeNow()
    last = await probeOnce(spec, check, place, clock, signal)
    signal.throwIfAborted()
    tries++
    good = last.healthy ? good + 1 : 0
    if (good >= spec.healthyAfter) return
    // What has ended will not become healthy any more.
    const ended = place.reach?.ended ?? null
    if (ended !== null)
      throw unhealthy(spec, { ...last, seen: ended }, tries, clock.monotonicMs() - startedMs)
    deps.onProgress({ done: tries, total: null, unit: 'tries', label: last.seen })
    const spentMs = clock.monotonicMs() - startedMs
    if (spentMs + spec.intervalMs > spec.deadlineMs) throw unhealthy(spec, last, tries, spentMs)
    await clock.sleep(spec.intervalMs, signal)
    signal.throwIfAborted()
  }
}

/** After its time a probe has this long to say in its own words why it has no answer, and to end what it started. */
const lastWordsMs = 2000

/** One probe within its own time; what it cannot answer in time is an answer too. */
export async function probeOnce(
  spec: CheckSpec,
  check: HealthCheck,
  place: ProbePlace,
  clock: Clock,
  outer: AbortSignal,
): Promise<ProbeAnswer> {
  const over = new AbortController()
  const late = new AbortController()
  const limit = async (): Promise<ProbeAnswer> => {
    await clock.sleep(spec.timeoutMs, over.signal)
    late.abort()
    await clock.sleep(lastWordsMs, over.signal)
    return { healthy: false, seen: `no answer within ${formatDuration(spec.timeoutMs)}` }
  }
  const probe = check.probe(place, AbortSignal.any([outer, late.signal]))
  // A probe that loses the race may still reject, by its abort; nobody waits for that.
  probe.catch(() => undefined)
  try {
    return await Promise.race([probe, limit()])
  } finally {
    over.abort()
  }
}

function unhealthy(spec: CheckSpec, last: ProbeAnswer, tries: number, spentMs: number): DeployError {
  const often = `${tries} ${tries === 1 ? 'try' : 'tries'} in ${formatDuration(spentMs)}`
  return new DeployError('CHECK_FAILED', `the check "${spec.name}" failed: ${last.seen} (${often})`, {
    details: last.details ?? [],
  })
}
