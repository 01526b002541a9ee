/** Sees for a while that an instance stays well: it does not end, is not started again and again, and answers its checks. */
import { DeployError } from '../base/deploy-error.js'
import { formatDuration } from '../base/duration.js'
import type { Clock } from '../model/clock.js'
import type { Progress } from '../model/event.js'
import type { HealthCheck, ProbeAnswer, ProbePlace } from '../model/health-check.js'
import type { CheckSpec } from '../model/spec.js'
import type { InstanceReach } from '../model/target.js'
import { probeOnce } from './await-healthy.js'

/** Bad answers in a row that are believed: one may be chance. */
const believedAfter = 3
/** Between two looks at whether it still runs. */
const lookEveryMs = 1000

export interface Watched {
  readonly name: string
  readonly placeNow: () => Promise<ProbePlace>
  readonly checks: readonly WatchedCheck[]
}

interface WatchedCheck {
  readonly spec: CheckSpec
  readonly check: HealthCheck
  readonly placeNow: () => Promise<ProbePlace>
}

export async function watchHealthy(
  watched: Watched,
  forMs: number,
  deps: {
    readonly clock: Clock
    readonly onProgress: (progress: Progress) => void
    readonly signal: AbortSignal
  },
): Promise<void> {
  const { clock, signal } = deps
  const endMs = clock.monotonicMs() + forMs
  const pause = async (ms: number): Promise<boolean> => {
    const leftMs = endMs - clock.monotonicMs()
    if (leftMs <= 0) return false
    await clock.sleep(Math.min(ms, leftMs), signal)
    signal.throwIfAborted()
    return true
  }
  await Promise.all([
    watchRunning(watched, forMs, endMs, pause, deps),
    ...watched.checks.map((one) => watchCheck(watched.name, one, pause, deps)),
  ])
}

async function watchRunning(
  { name, placeNow }: Watched,
  forMs: number,
  endMs: number,
  pause: (ms: number) => Promise<boolean>,
  { clock, onProgress }: { readonly clock: Clock; readonly onProgress: (progress: Progress) => void },
): Promise<void> {
  const atFirst = (await placeNow()).reach
  const first = atFirst?.restarts ?? 0
  do {
    const { reach } = await placeNow()
    if (reach === null) return
    if (reach.ended !== null) throw unwell(`${name} did not stay up: ${reach.ended}`)
    if (reach.restarts > first) {
      const times = reach.restarts - first === 1 ? 'once' : `${reach.restarts - first} times`
      throw unwell(`${name} did not stay up: it ended and was started again ${times}`)
    }
    if (show(reach.address) !== show(atFirst?.address ?? null)) {
      // Its engine was restarted, which is no fault of the release; what sends the traffic looks for it where it was.
      const was = show(atFirst?.address ?? null)
      throw new DeployError(
        'TARGET_REFUSED',
        `${name} did not stay where it was: it listened at ${was}, and now at ${show(reach.address)}`,
      )
    }
    const label = `${formatDuration(Math.max(endMs - clock.monotonicMs(), 0))} of ${formatDuration(forMs)} left`
    onProgress({ done: 0, total: null, unit: 'tries', label })
  } while (await pause(lookEveryMs))
}

async function watchCheck(
  name: string,
  { spec, check, placeNow }: WatchedCheck,
  pause: (ms: number) => Promise<boolean>,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  let bad = 0
  do {
    const answer: ProbeAnswer = await probeOnce(spec, check, await placeNow(), clock, signal)
    signal.throwIfAborted()
    bad = answer.healthy ? 0 : bad + 1
    if (bad < believedAfter) continue
    throw unwell(
      `${name} did not stay healthy: the check "${spec.name}" failed ${believedAfter} times in a row: ${answer.seen}`,
      answer.details,
    )
  } while (await pause(spec.intervalMs))
}

function show(address: InstanceReach['address']): string {
  return address === null ? 'no address' : `${address.host}:${address.port}`
}

function unwell(message: string, details: readonly string[] = []): DeployError {
  return new DeployError('CHECK_FAILED', message, { details })
}
