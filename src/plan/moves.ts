/** From one service's difference to its drafts: what to stage, the strategy's steps, what to prune. Pure. */
import { copyName, instanceId, type Instance } from '../model/instance.js'
import type { PlanCommand } from '../model/plan.js'
import type { DriftKind } from '../model/change.js'
import type { StrategySpec } from '../model/spec.js'
import type { Deployed } from '../model/state.js'
import type { Observation, TargetTraits } from '../model/target.js'
import type { Difference } from './diff.js'
import type { DesiredService } from './desire.js'
import { mend } from './strategies/mend.js'
import { helpersOf, restart } from './strategies/restart.js'
import type { Draft, Move, Strategy } from './strategies/strategy.js'

export interface ServiceMove {
  readonly difference: Difference
  readonly desired: DesiredService | null
  readonly recorded: Deployed | null
  readonly observations: readonly Observation[]
  readonly traits: TargetTraits
  /** Names of releases that stay on the target; empty when the service goes. */
  readonly keep: readonly string[]
  /** Earlier releases whose instances are up without traffic. */
  readonly warm: readonly Deployed[]
  readonly command: PlanCommand
}

export interface ServiceDrafts {
  readonly stage: readonly Draft[]
  readonly move: readonly Draft[]
  readonly prune: readonly Draft[]
  /** The old instances that an unwind goes back to: those that are really there. */
  readonly before: readonly Instance[]
}

export function draftService(service: ServiceMove, strategy: Strategy, options: StrategySpec): ServiceDrafts {
  const { difference, desired, recorded } = service
  if (difference.change.kind === 'none') return { stage: [], move: [], prune: [], before: [] }
  const replaced = difference.change.kind === 'replace'
  const after = desired?.instances ?? []
  const before = replaced ? [] : standing(service)
  const verbs = new Set(service.traits.verbs)
  const hasChecks = (instance: Instance): boolean =>
    (desired?.instances.includes(instance) ?? false) && (desired?.spec.checks.length ?? 0) > 0
  const warm = replaced
    ? []
    : runningOf(
        service.warm.flatMap((deployed) => deployed.instances),
        service,
      )
  const common = { verbs, hasChecks, isRollback: service.command === 'rollback' }
  const moves: Move[] = [{ before, after, warm, ...common }]
  // A replaced service first runs at its new place; only then is the old place taken down.
  if (replaced) moves.push({ before: standing(service), after: [], warm: [], ...common })
  const runs = verbs.has('start')
  const draft = (move: Move): readonly Draft[] => {
    if (service.command === 'restart')
      return restart(move, options, notRunning(service), isExclusive(service))
    if (service.difference.repairOnly && runs) return mend(move, ailing(service), missing(service))
    const drafts = strategy(move, options)
    return difference.repairOnly ? drafts.map(repair) : drafts
  }
  return {
    stage: onePerHost(after).flatMap((instance) => stageDraft(instance, service)),
    move: moves.flatMap(draft),
    prune: pruneDrafts(service, after, replaced),
    before: recorded === null ? [] : standing(service),
  }
}

/** Copies on one host share what is staged there. */
function onePerHost(instances: readonly Instance[]): readonly Instance[] {
  return instances.filter(
    (instance, index) => instances.findIndex((other) => other.host === instance.host) === index,
  )
}

/** The recorded instances that are really there, so that one can go back to them. */
function standing(service: ServiceMove): readonly Instance[] {
  const gone = (instance: Instance): boolean =>
    service.observations.some((seen) =>
      seen.drift.some((drift) => drift.kind === 'releaseMissing' && drift.host === instance.host),
    )
  const recorded = service.recorded?.instances ?? []
  if (service.difference.repairOnly) return recorded
  return runningOf(
    recorded.filter((instance) => !gone(instance)),
    service,
  )
}

/** Where instances run by themselves, those that do. */
function runningOf(instances: readonly Instance[], service: ServiceMove): readonly Instance[] {
  return instances.filter((instance) => {
    const seen = service.observations.find((observation) => observation.host === instance.host)
    if (seen?.running === undefined) return true
    return seen.running.some(({ name, status }) => name === copyName(instance) && status === 'running')
  })
}

/** The copies that have to be made again. */
function ailing(service: ServiceMove): ReadonlySet<string> {
  return driftingCopies(service, ['instanceMissing', 'instanceChanged'])
}

/** Copies that stand in during a restart, to be known to the plan. */
export function helpersIn(service: ServiceMove, options: StrategySpec): readonly Instance[] {
  const isIdle =
    service.command !== 'restart' || !service.traits.verbs.includes('start') || isExclusive(service)
  if (isIdle) return []
  const after = service.desired?.instances ?? []
  const hosts = [...new Set(after.map(({ host }) => host))]
  return hosts.flatMap((host) =>
    helpersOf(
      after.filter((instance) => instance.host === host),
      options,
    ),
  )
}

/** An option with which only one generation of instances can run at a time is set. */
function isExclusive({ traits, desired }: ServiceMove): boolean {
  return traits.exclusive !== undefined && desired?.spec.target[traits.exclusive] !== undefined
}

function notRunning(service: ServiceMove): readonly Instance[] {
  const names = missing(service)
  return (service.recorded?.instances ?? []).filter((instance) => names.has(copyName(instance)))
}

function missing(service: ServiceMove): ReadonlySet<string> {
  return driftingCopies(service, ['instanceMissing'])
}

function driftingCopies(service: ServiceMove, kinds: readonly DriftKind[]): ReadonlySet<string> {
  const drift = service.observations.flatMap((seen) => seen.drift)
  return new Set(drift.flatMap(({ kind, instance }) => (kinds.includes(kind) ? (instance ?? []) : [])))
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
  if (after.length === 0 || replaced) for (const instance of onePerHost(old)) prune(instance, [])
  const strays = service.observations.some((seen) => seen.drift.some(({ kind }) => kind === 'instanceStray'))
  if (service.difference.repairOnly && !strays) return drafts
  for (const instance of onePerHost(after)) {
    const seen = service.observations.find((observation) => observation.host === instance.host)
    const surplus = strays || (seen?.staged.some((staged) => !service.keep.includes(staged.name)) ?? false)
    if (surplus && !replaced) prune(instance, service.keep)
  }
  return drafts
}
