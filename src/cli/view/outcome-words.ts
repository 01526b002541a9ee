/** Phrases about what became of services, shared by the end of a deployment and its history. Pure. */
import type { Change } from '../../model/change.js'
import type { Outcome } from '../../model/outcome.js'
import type { Plan } from '../../model/plan.js'
import { showVersion } from '../../model/release.js'
import { failedReleases } from '../../plan/next-state.js'
import { versions } from './plan-changes.js'

/** More services than this are counted, not named. */
const named = 4

/** `web v1.0.0 → v1.0.1, docs v1.0.1`, or `12 services`. */
export function whatBecame(plan: Plan, services: readonly string[]): string {
  const changes = changed(plan, services)
  if (changes.length === 0) return 'the record is as deploy.yaml asks for'
  if (changes.length > named) return `${changes.length} services`
  return changes.map((change) => `${change.service} ${versions(change)}`).join(', ')
}

/** `web v1.0.0 serves as before, docs is not there, as before`. */
export function nowServing(plan: Plan, services: readonly string[]): string {
  const changes = changed(plan, services)
  if (changes.length === 0) return 'everything is as before'
  if (changes.length > named) return `all ${changes.length} services are as before`
  return changes
    .map(({ service, before }) =>
      before === null
        ? `${service} is not deployed, as before`
        : `${service} ${showVersion(before.release.version)} serves as before`,
    )
    .join(', ')
}

const doneWords = { apply: 'deployed', rollback: 'rolled back', restart: 'restarted' } as const

/** `web v1.0.1 was not deployed`: what a failure kept from happening. */
export function afterTitle(plan: Plan, service: string | null): string {
  const change = plan.changes.find((one) => one.service === service)
  const done = doneWords[plan.command]
  if (change === undefined) return `nothing was ${done}`
  if (change.after === null) return `${change.service} was not removed`
  return `${change.service} ${showVersion(change.after.release.version)} was not ${plan.command === 'restart' ? done : 'deployed'}`
}

/** What an applied plan changed in the record beside releases: pins and holds that a person should know of. */
export function recordChanges(plan: Plan): readonly string[] {
  return Object.entries(plan.outcome).flatMap(([service, outcome]) => {
    const pin = outcome?.pin ?? null
    const holds = (outcome?.holds ?? [])
      .filter((hold) => !('at' in hold))
      .map(({ version }) => showVersion(version))
    return [
      ...(pin === null || 'at' in pin
        ? []
        : [
            `${service} is pinned to ${showVersion(pin.version)}: it stays there until deployctl unpin ${service}.`,
          ]),
      ...(holds.length === 0
        ? []
        : [`${service} ${holds.join(', ')} is held: nothing deploys it again by itself.`]),
    ]
  })
}

/** `web v1.0.1 is held: …` for every release that failed in a way that is its own. */
export function heldAfter(plan: Plan, outcome: Outcome, deployment: string): readonly string[] {
  const signature = { deployment, at: '', by: '' }
  return failedReleases(plan, outcome, signature).map(
    ([service, { version }]) =>
      `${service} ${showVersion(version)} is held: nothing deploys it again by itself.`,
  )
}

function changed(plan: Plan, services: readonly string[]): readonly Change[] {
  return plan.changes.filter(({ service, kind }) => kind !== 'none' && services.includes(service))
}
