/** From one service's difference to its drafts: what to stage, the strategy's steps, what to prune. Pure. */
import { instanceId, type Instance } from '../model/instance.js'
import type { Deployed } from '../model/state.js'
import type { Observation, TargetTraits } from '../model/target.js'
import type { Difference } from './diff.js'
import type { DesiredService } from './desire.js'
import type { Draft, Strategy } from './strategies/strategy.js'

export interface ServiceMove {
  readonly difference: Difference
  readonly desired: DesiredService | null
  readonly recorded: Deployed | null
  readonly observations: readonly Observation[]
  readonly traits: TargetTraits
  /** Names of releases that stay on the target; empty when the service goes. */
  readonly keep: readonly string[]
}

export interface ServiceDrafts {
  readonly stage: readonly Draft[]
  readonly move: readonly Draft[]
  readonly prune: readonly Draft[]
  /** The old instances that an unwind goes back to: those that are really there. */
  readonly before: readonly Instance[]
}

export function draftService(service: ServiceMove, strategy: Strategy): ServiceDrafts {
  const { difference, desired, recorded } = service
  if (difference.change.kind === 'none') return { stage: [], move: [], prune: [], before: [] }
  const replaced = difference.change.kind === 'replace'
  const after = desired?.instances ?? []
  const before = replaced ? [] : standing(service)
  const verbs = new Set(service.traits.verbs)
  const hasChecks = (instance: Instance): boolean =>
    (desired?.instances.includes(instance) ?? false) && (desired?.spec.checks.length ?? 0) > 0
  const moves = [{ before, after, verbs, hasChecks }]
  // A replaced service first runs at its new place; only then is the old place taken down.
  if (replaced) moves.push({ before: standing(service), after: [], verbs, hasChecks })
  return {
    stage: after.flatMap((instance) => stageDraft(instance, service)),
    move: moves
      .flatMap((move) => strategy(move))
      .map((draft) => (difference.repairOnly ? repair(draft) : draft)),
    prune: pruneDrafts(service, after, replaced),
    before: recorded === null ? [] : standing(service),
  }
}

/** The recorded instances whose release really lies there: only those can be gone back to. */
function standing(service: ServiceMove): readonly Instance[] {
  const gone = (instance: Instance): boolean =>
    service.observations.some((seen) =>
      seen.drift.some((drift) => drift.kind === 'releaseMissing' && drift.host === instance.host),
    )
  const recorded = service.recorded?.instances ?? []
  return service.difference.repairOnly ? recorded : recorded.filter((instance) => !gone(instance))
}

function stageDraft(instance: Instance, service: ServiceMove): readonly Draft[] {
  const seen = service.observations.find((observation) => observation.host === instance.host)
  const lies = seen?.staged.find((staged) => staged.name === instance.name)
  const isActive = service.recorded?.instances.some((active) => active.name === instance.name) ?? false
  const damaged =
    seen?.drift.some((drift) => drift.kind === 'filesChanged' || drift.kind === 'releaseMissing') ?? false
  const whole = lies !== undefined && lies.status !== 'broken' && !(isActive && damaged)
  if (whole) return []
  const id = instanceId(instance)
  // What state says is there, or what lies there half, is mended; taking it away again would help nobody.
  const mended = isActive || lies !== undefined
  const revert = mended
    ? ({ nothing: true, because: 'what was mended stays' } as const)
    : ({ verb: 'discard', instance: id } as const)
  return [{ host: instance.host, apply: { verb: 'stage', instance: id }, revert }]
}

function repair(draft: Draft): Draft {
  return draft.apply.verb === 'route'
    ? { ...draft, revert: { nothing: true, because: 'what was repaired stays' } }
    : draft
}

function pruneDrafts(service: ServiceMove, after: readonly Instance[], replaced: boolean): readonly Draft[] {
  const old = service.recorded?.instances ?? []
  const drafts: Draft[] = []
  const prune = (instance: Instance, keep: readonly string[]): void => {
    const revert = { irreversible: 'what retention no longer keeps is removed' }
    drafts.push({
      host: instance.host,
      apply: { verb: 'prune', instance: instanceId(instance), keep },
      revert,
    })
  }
  if (after.length === 0 || replaced) for (const instance of old) prune(instance, [])
  if (service.difference.repairOnly) return drafts
  for (const instance of after) {
    const seen = service.observations.find((observation) => observation.host === instance.host)
    const surplus = seen?.staged.some((staged) => !service.keep.includes(staged.name)) ?? false
    if (surplus && !replaced) prune(instance, service.keep)
  }
  return drafts
}
