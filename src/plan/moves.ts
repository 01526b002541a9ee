/** From one service's difference to its drafts: what to stage, the strategy's steps on each host, what to prune. Pure. */
import { copyName, instanceId, type Instance } from '../model/instance.js'
import type { PlanCommand } from '../model/plan.js'
import type { DriftKind } from '../model/change.js'
import type { StrategySpec } from '../model/spec.js'
import type { Deployed } from '../model/state.js'
import type { TargetTraits } from '../model/target.js'
import { samePlace, type Difference } from './diff.js'
import type { DesiredService } from './desire.js'
import type { HostPart } from './host-parts.js'
import { check, hostMove } from './strategies/drafts.js'
import { mend } from './strategies/mend.js'
import { helpersOf, restart } from './strategies/restart.js'
import type { Draft, HostMove, Move, Strategy } from './strategies/strategy.js'

export interface ServiceMove {
  readonly difference: Difference
  readonly desired: DesiredService | null
  /** The hosts, as far as they are not left out this time. */
  readonly parts: readonly HostPart[]
  readonly traits: TargetTraits
  /** Names of releases that stay on the target; empty when the service goes. */
  readonly keep: readonly string[]
  /** Earlier releases whose instances are up without traffic, and whether their time is over. */
  readonly warm: readonly Deployed[]
  readonly isOver: boolean
  readonly command: PlanCommand
}

/** What happens on one host of a service. */
export interface HostDrafts {
  readonly host: string
  readonly stage: readonly Draft[]
  readonly move: readonly Draft[]
  readonly prune: readonly Draft[]
  /** The old instances that an unwind goes back to: those that are really there. */
  readonly before: readonly Instance[]
  /** Shows once more, after a while, that the new ones are well. */
  readonly again: readonly Draft[]
}

/** Of every host that has something to do, in their order. */
export function draftService(
  service: ServiceMove,
  strategy: Strategy,
  options: StrategySpec,
): readonly HostDrafts[] {
  if (service.difference.change.kind === 'none') return []
  return service.parts
    .map((part) => ({ part, work: workOn(part, service) }))
    .flatMap(({ part, work }) =>
      work === 'nothing' ? [] : draftHost(part, work, service, strategy, options),
    )
}

type Work = 'change' | 'repair' | 'nothing'

function workOn(part: HostPart, { difference, warm, isOver, command }: ServiceMove): Work {
  if (command === 'restart') return 'repair'
  if (part.own !== null || (difference.everywhere && !isAsItShouldBe(part))) return 'change'
  const hasLapsed = isOver && warm.some(({ instances }) => instances.some(({ host }) => host === part.host))
  return hasLapsed || (part.seen?.drift.length ?? 0) > 0 ? 'repair' : 'nothing'
}

/** Where deploy.yaml says something new of a service that makes no difference on this host. */
function isAsItShouldBe({ recorded, wanted, spec, changes }: HostPart): boolean {
  if (recorded === null || spec === null || changes.length > 0) return false
  const [next] = wanted
  return next !== undefined && recorded.release.digest === next.release.digest
}

function draftHost(
  part: HostPart,
  work: Work,
  service: ServiceMove,
  strategy: Strategy,
  options: StrategySpec,
): HostDrafts {
  const { desired, traits } = service
  const { host, recorded, wanted } = part
  const repairs = work === 'repair'
  const replaced =
    recorded !== null && part.spec !== null && !samePlace(recorded.spec.target, part.spec.target, traits)
  const there = standing(part, repairs)
  const verbs = new Set(traits.verbs)
  const checked = desired !== null && desired.spec.checks.length > 0
  const move: Move = {
    verbs,
    hasChecks: (instance) => checked && wanted.includes(instance),
    isRollback: service.command === 'rollback',
  }
  const kept = service.warm.flatMap(({ instances }) => instances.filter((instance) => instance.host === host))
  const warm = replaced ? [] : runningOf(kept, part)
  const moves = [hostMove(host, replaced ? [] : there, wanted, warm)]
  // What moves to another place first runs there; only then is the old place taken down.
  if (replaced) moves.push(hostMove(host, there, [], []))
  const isThere = ({ before, after, lapsed }: HostMove): boolean =>
    before.length + after.length + lapsed.length > 0
  const draftsOf = (here: HostMove): readonly Draft[] => {
    if (service.command === 'restart')
      return restart(here, move, options, missing(part), helpersOn(part, service, options))
    if (repairs && verbs.has('start')) return mend(here, move, ailing(part), missing(part))
    const planned = strategy(here, move, options)
    return repairs ? planned.map(repair) : planned
  }
  const drafts = moves.filter(isThere).flatMap(draftsOf)
  return {
    host,
    stage: wanted.slice(0, 1).flatMap((instance) => stageDraft(instance, part)),
    move: drafts,
    prune: pruneDrafts(part, service, replaced, repairs),
    before: there,
    again: check(move, host, wanted),
  }
}

/** Copies that stand in on a host during a restart. */
export function helpersOn(
  { wanted }: HostPart,
  { command, traits, desired }: ServiceMove,
  options: StrategySpec,
): readonly Instance[] {
  // with this option set only one generation of instances can run at a time
  const isExclusive = traits.exclusive !== undefined && desired?.spec.target[traits.exclusive] !== undefined
  const runs = traits.verbs.includes('start')
  return command === 'restart' && runs && !isExclusive ? helpersOf(wanted, options) : []
}

/** The recorded instances that are really there, so that one can go back to them. */
function standing(part: HostPart, repairs: boolean): readonly Instance[] {
  const recorded = part.recorded?.instances ?? []
  if (repairs) return recorded
  const isGone = part.seen?.drift.some(({ kind }) => kind === 'releaseMissing') ?? false
  return isGone ? [] : runningOf(recorded, part)
}

/** Where instances run by themselves, those that do. */
function runningOf(instances: readonly Instance[], { seen }: HostPart): readonly Instance[] {
  const running = seen?.running
  if (running === undefined) return instances
  return instances.filter((instance) =>
    running.some(({ name, status }) => name === copyName(instance) && status === 'running'),
  )
}

/** The copies that have to be made again. */
function ailing(part: HostPart): ReadonlySet<string> {
  return driftingCopies(part, ['instanceMissing', 'instanceChanged'])
}

function missing(part: HostPart): ReadonlySet<string> {
  return driftingCopies(part, ['instanceMissing'])
}

function driftingCopies({ seen }: HostPart, kinds: readonly DriftKind[]): ReadonlySet<string> {
  const drift = seen?.drift ?? []
  return new Set(drift.flatMap(({ kind, instance }) => (kinds.includes(kind) ? (instance ?? []) : [])))
}

function stageDraft(instance: Instance, { host, recorded, seen }: HostPart): readonly Draft[] {
  const lies = seen?.staged.find((staged) => staged.name === instance.name)
  const isActive = recorded?.instances.some((active) => active.name === instance.name) ?? false
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
  return [{ host, apply: { verb: 'stage', instance: id }, revert }]
}

function repair(draft: Draft): Draft {
  return draft.apply.verb === 'route'
    ? { ...draft, revert: { nothing: true, because: 'what was repaired stays' } }
    : draft
}

function pruneDrafts(
  part: HostPart,
  service: ServiceMove,
  replaced: boolean,
  repairs: boolean,
): readonly Draft[] {
  const { host, recorded, wanted, seen } = part
  const [old] = recorded?.instances ?? []
  const [next] = wanted
  const prune = (instance: Instance, keep: readonly string[]): Draft => ({
    host,
    apply: { verb: 'prune', instance: instanceId(instance), keep },
    revert: { irreversible: 'what retention no longer keeps is removed' },
  })
  if (old !== undefined && (next === undefined || replaced)) return [prune(old, [])]
  const hasStrays = seen?.drift.some(({ kind }) => kind === 'instanceStray') ?? false
  if (next === undefined || (repairs && !hasStrays)) return []
  const surplus = hasStrays || (seen?.staged.some(({ name }) => !service.keep.includes(name)) ?? false)
  return surplus ? [prune(next, service.keep)] : []
}
