/** Progress that is told ten times a second at most, however often something moves; the last word is always told. */
import type { Clock } from '../../model/clock.js'
import type { Progress } from '../../model/event.js'

const everyMs = 100

/** For bytes being downloaded, unless another label and unit are given. */
export function throttled(
  tell: (progress: Progress) => void,
  clock: Pick<Clock, 'monotonicMs'>,
  label = 'downloading',
): (done: number, total: number | null) => void {
  let toldAtMs = -Infinity
  return (done, total) => {
    const nowMs = clock.monotonicMs()
    if (done !== total && nowMs - toldAtMs < everyMs) return
    toldAtMs = nowMs
    tell({ done, total, unit: 'bytes', label })
  }
}
