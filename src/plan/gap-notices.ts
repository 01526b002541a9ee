/** Says beforehand how long a service serves nothing, where its strategy or its target means that it does. Pure. */
import { formatDuration } from '../base/duration.js'
import { gapOf, switchesOff, type Gap } from '../model/gap.js'
import type { OperationOf } from '../model/operation.js'
import type { Notice, Step } from '../model/plan.js'
import { showVersion } from '../model/release.js'
import type { Tables } from './step-pen.js'

/** `lastMs`: how long it was the last time, by service, where that is known. */
export function gapNotices(
  steps: readonly Step[],
  chapters: readonly { readonly service: string }[],
  tables: Tables,
  lastMs: ReadonlyMap<string, number>,
): readonly Notice[] {
  const switchedOff = new Set(steps.filter(switchesOff).map(({ service }) => service)) // few, of thousands
  return chapters.flatMap(({ service }): readonly Notice[] => {
    const gap = switchedOff.has(service) ? gapOf(steps, service) : null
    if (gap === null) return []
    const message = `${service} serves nothing from the stop of ${from(gap, tables)} until the new one is healthy: ${expected(gap, tables, lastMs.get(service))}`
    return [{ service, message, hint: 'a router in front of it, and another strategy, would close the gap' }]
  })
}

function from({ off }: Gap, { instances }: Tables): string {
  const first = off.apply.verb === 'route' ? off.apply.from[0]?.instance : undefined
  const instance = first === undefined ? undefined : instances[first]
  return instance === undefined ? 'the old one' : showVersion(instance.release.version)
}

/** What was measured says more than what is allowed; the first time there is nothing but that. */
function expected({ between }: Gap, tables: Tables, lastMs: number | undefined): string {
  if (lastMs !== undefined) return `the last time that took ${formatDuration(Math.round(lastMs))}`
  const deadlines = between.map(({ apply }) => (apply.verb === 'check' ? deadlineOf(apply, tables) : 0))
  const mostMs = Math.max(0, ...deadlines)
  const healthy = mostMs === 0 ? '' : `, and at most ${formatDuration(mostMs)} to become healthy`
  return `as long as the old one takes to stop and the new one to start${healthy}`
}

function deadlineOf(
  { instances: ids, deadlineMs }: OperationOf<'check'>,
  { instances, specs }: Tables,
): number {
  const checks = specs[instances[ids[0] ?? '']?.specDigest ?? '']?.checks ?? []
  return deadlineMs ?? Math.max(0, ...checks.map((check) => check.deadlineMs))
}
