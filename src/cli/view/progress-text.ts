/** How far a step is, in words: `downloading 42 MB of 84 MB, 12 MB/s, 4s left`. */
import { formatDuration } from '../../base/duration.js'
import { formatSize } from '../../base/size.js'
import type { Progress } from '../../model/event.js'

interface Mark {
  readonly label: string
  readonly atMs: number
  readonly done: number
}
/** Before this, a rate is a guess. */
const shortestMs = 500

/** Follows one step; rates are measured from the first word of a label, by the events' own times. */
export function createProgressText(): (progress: Progress, at: string) => string {
  let first: Mark | null = null
  return (progress, at) => {
    const atMs = Date.parse(at)
    if (first === null || first.label !== progress.label || progress.done < first.done) {
      first = { label: progress.label, atMs, done: progress.done }
    }
    return describeProgress(progress, rateOf(first, progress.done, atMs))
  }
}

/** Units in a second, or null as long as that is not known. */
function rateOf(first: Mark, done: number, atMs: number): number | null {
  const elapsedMs = atMs - first.atMs
  return elapsedMs < shortestMs || done <= first.done ? null : ((done - first.done) / elapsedMs) * 1000
}

function describeProgress({ label, done, total, unit }: Progress, perSecond: number | null): string {
  if (unit === 'tries') return `${label} (${total === null ? `try ${done}` : `try ${done} of ${total}`})`
  const show = (amount: number): string => (unit === 'bytes' ? formatSize(amount) : String(amount))
  const amount = total === null ? show(done) : `${show(done)} of ${show(total)}`
  const noun = unit === 'files' ? ' files' : ''
  const rate = unit === 'bytes' && perSecond !== null ? `, ${formatSize(perSecond)}/s` : ''
  const left =
    total !== null && perSecond !== null && total > done
      ? `, ${formatDuration(Math.max(1000, ((total - done) / perSecond) * 1000))} left`
      : ''
  return `${label} ${amount}${noun}${rate}${left}`
}
