/** Compares what should run with what is recorded and observed, service by service, and says why they differ. Pure. */
import { canonicalJson } from '../base/hash.js'
import type { Change, ChangeKind, Drift, Side } from '../model/change.js'
import { showVersion } from '../model/release.js'
import type { DriverSpec, InstanceSpec } from '../model/spec.js'
import type { Deployed } from '../model/state.js'
import type { OptionEffect, TargetTraits } from '../model/target.js'
import type { DesiredService } from './desire.js'

export interface Difference {
  readonly change: Change
  /** What the change takes; an option's effect at least, and `route` for a new release. */
  readonly effects: ReadonlySet<OptionEffect>
  /** True when nothing but drift has to be put right. */
  readonly repairOnly: boolean
  /** Whether every host has to change, or only those that have a reason of their own, or have drifted. */
  readonly everywhere: boolean
}

export function diffService(
  service: string,
  desired: DesiredService | null,
  recorded: Deployed | null,
  drift: readonly Drift[],
  traits: TargetTraits,
  lapsed: Deployed | null = null,
  /** What hosts have of their own to change for. */
  hostReasons: readonly string[] = [],
): Difference {
  const before = recorded === null ? null : sideOf(recorded)
  const after = desired === null ? null : sideOf(desired)
  const answer = (
    kind: ChangeKind,
    reasons: readonly string[],
    effects: Iterable<OptionEffect> = [],
  ): Difference => ({
    change: { service, kind, before, after, reasons },
    effects: new Set(effects),
    repairOnly: false,
    everywhere: true,
  })
  if (desired === null) return answer('remove', ['it is no longer in deploy.yaml'])
  if (recorded === null) return answer('create', [`it is new here; ${desired.reason}`])

  const sameRelease = recorded.release.digest === desired.release.digest
  const options = changedOptions(recorded.spec, desired.spec, traits)
  const effects = new Set(options.map((option) => option.effect))
  const reasons = [
    ...(sameRelease ? [] : [releaseReason(recorded, desired)]),
    ...options.filter(({ effect }) => effect !== 'none').map(({ name }) => `${name} changed in deploy.yaml`),
  ]
  if (effects.has('replace')) return answer('replace', [...reasons, ...hostReasons], effects)
  if (reasons.length > 0) return answer('update', [...reasons, ...hostReasons], [...effects, 'route'])
  const over =
    lapsed === null ? [] : [`${showVersion(lapsed.release.version)} was kept warm, and its time is over`]
  if (drift.length + over.length + hostReasons.length === 0) return answer('none', [])
  const moved = drift.length === 0 ? [] : ['what is there is not what is recorded']
  const repairs = answer('update', [...hostReasons, ...moved, ...over], ['route'])
  return { ...repairs, repairOnly: hostReasons.length === 0, everywhere: false }
}

/** Nothing differs, and yet it is started anew. */
export function restartOf(service: string, active: Deployed): Difference {
  const side = sideOf(active)
  const reasons = ['a restart was asked for']
  return {
    change: { service, kind: 'update', before: side, after: side, reasons },
    effects: new Set(['route']),
    repairOnly: true,
    everywhere: false,
  }
}

function sideOf({ release, spec, specs }: Side): Side {
  return { release, spec, ...(specs === undefined ? {} : { specs }) }
}

/** What changing from one specification to another takes. */
export function changesBetween(
  before: InstanceSpec,
  after: InstanceSpec,
  traits: TargetTraits,
): readonly string[] {
  return changedOptions(before, after, traits)
    .filter(({ effect }) => effect !== 'none')
    .map(({ name }) => name)
}

function releaseReason(recorded: Deployed, desired: DesiredService): string {
  if (recorded.release.version !== desired.release.version) return desired.reason
  return `${showVersion(desired.release.version)} was published again with other content`
}

/** The options of the target that differ, and what changing each takes. Another type of target is another place. */
function changedOptions(
  before: InstanceSpec,
  after: InstanceSpec,
  traits: TargetTraits,
): readonly { readonly name: string; readonly effect: OptionEffect }[] {
  if (before.target.type !== after.target.type) return [{ name: 'type', effect: 'replace' }]
  const names = [...new Set([...Object.keys(before.target), ...Object.keys(after.target)])].sort()
  return names
    .filter(
      (name) => canonicalJson(before.target[name] ?? null) !== canonicalJson(after.target[name] ?? null),
    )
    .map((name) => ({ name, effect: traits.effects[name] ?? 'replace' }))
}

/** Whether two specs live at the same place, so that one takes over what the other left there. */
export function samePlace(a: DriverSpec, b: DriverSpec, traits: TargetTraits): boolean {
  if (a.type !== b.type) return false
  const places = Object.entries(traits.effects).filter(([, effect]) => effect === 'replace')
  return places.every(([option]) => sameOption(a, b, option))
}

/** Whether what divides the traffic is meant to be another one. */
export function isRerouted(a: DriverSpec, b: DriverSpec, { weighing }: TargetTraits): boolean {
  return weighing !== undefined && !sameOption(a, b, weighing.option)
}

function sameOption(a: DriverSpec, b: DriverSpec, option: string): boolean {
  return canonicalJson(a[option] ?? null) === canonicalJson(b[option] ?? null)
}
