/** The time in which several steps of a service on one host, one after another, have to be done: a batch of new copies. */
import { DeployError } from '../base/deploy-error.js'
import { formatDuration } from '../base/duration.js'
import type { Clock } from '../model/clock.js'
import type { Step } from '../model/plan.js'

export interface ProgressDeadline {
  /** Does the work with a signal that also aborts when the time of its batch is over. */
  within<T>(step: Step, outer: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T>
}

export function createProgressDeadline(clock: Clock): ProgressDeadline {
  const begunMs = new Map<string, number>()
  return {
    async within(step, outer, work) {
      const { progress, service, host } = step
      if (progress === undefined) return work(outer)
      const batch = `${service ?? ''}@${host ?? ''}`
      const nowMs = clock.monotonicMs()
      // A batch that was begun by a process that died has its whole time again.
      const startedMs = progress.begins ? nowMs : (begunMs.get(batch) ?? nowMs)
      begunMs.set(batch, startedMs)
      const over = new AbortController()
      const late = new AbortController()
      const limit = clock.sleep(startedMs + progress.deadlineMs - nowMs, over.signal).then(() => {
        if (!over.signal.aborted) late.abort(noProgress(step, progress.deadlineMs))
      })
      try {
        return await work(AbortSignal.any([outer, late.signal]))
      } finally {
        over.abort()
        await limit
      }
    },
  }
}

function noProgress({ service, host }: Step, deadlineMs: number): DeployError {
  const where = host === null || host === 'local' ? '' : ` on ${host}`
  const says = `no progress${where} within ${formatDuration(deadlineMs)}: the next copies of ${service ?? 'it'} do not serve yet`
  return new DeployError('TIMEOUT', says)
}
