/** What `unlock` has taken away, whose it was, and where it could not look. */
import type { Unlocked } from '../../app/requests.js'
import type { Style } from './terminal.js'
import { paragraph } from './text-width.js'
import { ago } from './relative-time.js'

export function unlockText(
  { lock, claims, problems }: Unlocked,
  id: string,
  now: Date,
  { width }: Style,
): string {
  const removed =
    lock === null
      ? claims.map(({ service, host, by, from, since }) => {
          const when = ago(since, now)
          return `Removed the claim of deployment ${id} on ${service} on ${host}: ${by} had it, from ${from}, since ${when}.`
        })
      : [`Removed lock ${lock.id}: ${lock.by} had it (${lock.operation}) since ${ago(lock.created, now)}.`]
  const failed = problems.map(({ service, host, error }) => `! ${service} on ${host}: ${error.message}`)
  return [...removed, ...failed].map((line) => paragraph(line, width, 0, 2)).join('\n')
}
