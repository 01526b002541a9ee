/**
 * The planner: from what is desired, recorded and observed to the graph of steps that leads there. Pure: no clock, no
 * world, and the same plan for the same input, down to its id.
 */
import { digestOf } from '../base/hash.js'
import type { Config } from '../model/config.js'
import { instanceId, type Instance } from '../model/instance.js'
import type { Notice, Plan, PlanCommand, ServiceOutcome, Tolerance } from '../model/plan.js'
import { specOn, type DriverSpec, type InstanceSpec, type Specified } from '../model/spec.js'
import { holdsOf, type Deployed, type RecordedService, type RecordedState } from '../model/state.js'
import type { Observation, TargetTraits } from '../model/target.js'
import { localHost, type HostSelection, type HostSpec } from '../model/host-spec.js'
import type { DesiredService } from './desire.js'
import { changesBetween, diffService, restartOf, type Difference } from './diff.js'
import { changedDependencies } from './dependencies.js'
import { fateOf } from './fate.js'
import { gapNotices } from './gap-notices.js'
import { drawGraph, noService, scenesOf, type ServiceChapter } from './graph.js'
import { hookOperation, scenesFor } from './hook-drafts.js'
import { hostParts, ownReasons, type SkippedHost } from './host-parts.js'
import { draftService, helpersOn } from './moves.js'
import { outcomeOfService } from './outcome-of-service.js'
import { keepWarmMs } from './strategies/blue-green.js'
import { defaultStrategy } from './strategies/catalog.js'
import type { StrategyTraits } from './strategies/strategy.js'
import { orderHosts } from './waves.js'

export interface PlanInput {
  readonly command: PlanCommand
  readonly config: Config
  readonly configDigest: string
  /** With the records of renamed services under their new names. */
  readonly state: RecordedState | null
  /** The services this plan is about: what they should be, or null for those that are to go. */
  readonly desired: ReadonlyMap<string, DesiredService | null>
  readonly renamed: Plan['renamed']
  readonly observed: ReadonlyMap<string, readonly Observation[]>
  /** Hosts that are left as they are, by service. */
  readonly skipped: ReadonlyMap<string, readonly SkippedHost[]>
  /** Every host that a service has or should have. */
  readonly hostNamed: (name: string) => HostSpec
  readonly traits: (type: string) => TargetTraits
  readonly strategy: (type: string) => StrategyTraits
  /** Earlier releases, by service, that were kept warm for long enough and still run. */
  readonly lapsed: ReadonlyMap<string, Deployed>
  /** How long services served nothing the last time, where it is known. */
  readonly lastGapsMs: ReadonlyMap<string, number>
  readonly notices: readonly Notice[]
  /** The hosts it was made for, where not for all. */
  readonly only?: HostSelection
}

/** The lineage and serial of an environment that has no state yet. */
export const noState = { lineage: '', serial: 0 } as const

export function buildPlan(input: PlanInput): Plan {
  const chapters = [...input.desired.keys()].sort().map((service) => chapterOf(service, input))
  const changed = chapters.filter((chapter) => chapter.difference.change.kind !== 'none')
  const outcome: Record<string, ServiceOutcome | null> = {}
  for (const chapter of changed) outcome[chapter.service] = chapter.outcome
  for (const old of Object.values(input.renamed)) outcome[old] = null
  const tables = tablesOf(changed, input.config.sources, input.hostNamed)
  const tolerance = toleranceOf(changed)
  const dependencies = changedDependencies(
    new Set(changed.map((chapter) => chapter.service)),
    input.config.services,
  )
  const steps = drawGraph(changed, dependencies, input.config.hooks, input.command, tables)
  const content = {
    format: 1,
    project: input.config.project,
    environment: input.config.environment,
    command: input.command,
    basis: {
      lineage: (input.state ?? noState).lineage,
      serial: (input.state ?? noState).serial,
      configDigest: input.configDigest,
      observedDigest: observedDigest(input.observed, input.skipped),
    },
    ...(input.only === undefined ? {} : { only: input.only }),
    changes: chapters.map((chapter) => chapter.difference.change),
    drift: chapters.flatMap((chapter) => chapter.observations.flatMap((seen) => seen.drift)),
    notices: [...input.notices, ...gapNotices(steps, changed, tables, input.lastGapsMs)],
    steps,
    afterUnwind: changed.flatMap(checksOfOld),
    onFailure: failureHooks(changed, input.config),
    ...tables,
    outcome,
    renamed: input.renamed,
    parallelism: input.config.parallelism,
    ...(Object.keys(tolerance).length === 0 ? {} : { tolerance }),
    fate: fateOf(dependencies, input.config.onFailure),
  } as const
  return { ...content, id: digestOf(content) }
}

/** The digest of what was seen, for a plan's basis. */
export function observedDigest(
  observed: PlanInput['observed'],
  skipped: ReadonlyMap<string, readonly SkippedHost[]>,
): string {
  const sorted = <T>(map: ReadonlyMap<string, T>): readonly (readonly [string, T])[] =>
    [...map].sort(([a], [b]) => (a < b ? -1 : 1))
  const left = sorted(skipped).flatMap(([service, hosts]) => hosts.map(({ host }) => [service, host]))
  return digestOf(left.length === 0 ? sorted(observed) : [sorted(observed), left])
}

function chapterOf(service: string, input: PlanInput): ServiceChapter {
  const desired = input.desired.get(service) ?? null
  const recorded = input.state?.services[service] ?? null
  const active = recorded?.active ?? null
  const observations = input.observed.get(service) ?? []
  const skipped = input.skipped.get(service) ?? []
  const spec = desired?.spec ?? active?.spec
  if (spec === undefined) throw new Error(`plan: ${service} is neither desired nor recorded`)
  const traits = input.traits(spec.target.type)
  const drift = observations.flatMap((seen) => seen.drift)
  const lapsed = input.lapsed.get(service) ?? null
  const all = hostParts(desired, recorded, observations, skipped, traits)
  // a restart is about what is recorded as active, and leaves other hosts alone
  const parts = input.command === 'restart' ? all.filter(({ wanted }) => wanted.length > 0) : all
  const inFile = desired === null || active === null ? [] : changesBetween(active.spec, desired.spec, traits)
  const hostReasons = desired === null ? [] : ownReasons(parts, recorded, inFile)
  const difference =
    input.command === 'restart' && active !== null
      ? restartOf(service, active)
      : withRename(
          diffService(service, desired, active, drift, traits, lapsed, hostReasons),
          input.renamed[service],
        )
  const outcome =
    desired === null ? null : plannedOutcome(service, desired, recorded, difference, traits, input)
  const keep = [
    ...(desired?.instances ?? []),
    ...(outcome?.previous ?? []).flatMap((deployed) => deployed.instances),
  ]
  const move = {
    difference,
    desired,
    parts,
    traits,
    keep: [...new Set(keep.map((instance) => instance.name))],
    warm: warmOf(recorded),
    isOver: lapsed !== null,
    command: input.command,
  }
  const strategy = desired?.config.strategy ?? { type: defaultStrategy }
  const drafts = draftService(move, input.strategy(strategy.type).plan, strategy)
  const order = orderHosts(drafts, desired?.hosts ?? [], strategy)
  const helpers = parts.flatMap((part) => helpersOn(part, move, strategy))
  return { service, ...move, recorded, strategy, outcome, drafts, order, observations, helpers }
}

/** A new name alone changes nothing that runs, but the record has to move: that is a change, and it is said. */
function withRename(difference: Difference, oldName: string | undefined): Difference {
  if (oldName === undefined) return difference
  const { change } = difference
  const reasons = [`it takes the place of ${oldName}, which is no longer in deploy.yaml`, ...change.reasons]
  return {
    ...difference,
    change: { ...change, kind: change.kind === 'none' ? 'update' : change.kind, reasons },
  }
}

function plannedOutcome(
  service: string,
  desired: DesiredService,
  recorded: RecordedService | null,
  difference: Difference,
  traits: TargetTraits,
  input: PlanInput,
): ServiceOutcome {
  const { option, default: fallback } = traits.keepReleases
  const written = desired.spec.target[option]
  return outcomeOfService({
    command: input.command,
    desired,
    difference,
    recorded,
    skipped: input.skipped.get(service) ?? [],
    traits,
    holds: holdsOf(input.state, service),
    keepReleases: typeof written === 'number' ? written : fallback,
    keepWarmMs: keepWarmMs(desired.config.strategy, input.command === 'rollback'),
  })
}

/** What an earlier deployment left up without traffic. */
function warmOf(recorded: RecordedService | null): readonly Deployed[] {
  return recorded?.previous.filter((deployed) => deployed.warmUntil !== undefined) ?? []
}

/** Everything the steps refer to, once each, so that the plan stays small with a thousand services. */
function tablesOf(
  chapters: readonly ServiceChapter[],
  sources: Config['sources'],
  hostNamed: PlanInput['hostNamed'],
): Pick<Plan, 'instances' | 'specs' | 'sources' | 'hosts'> {
  const instances: Record<string, Instance> = {}
  const specs: Record<string, InstanceSpec> = {}
  const used: Record<string, DriverSpec> = {}
  const add = (side: (Specified & { readonly instances: readonly Instance[] }) | null): void => {
    for (const instance of side?.instances ?? []) {
      instances[instanceId(instance)] = instance
      if (side !== null) specs[instance.specDigest] = specOn(side, instance.host)
      const source = sources[instance.release.source]
      if (source !== undefined) used[instance.release.source] = source
    }
  }
  for (const chapter of chapters) {
    add(chapter.recorded?.active ?? null)
    for (const { has } of chapter.recorded?.lagging ?? []) add(has)
    for (const deployed of chapter.warm) add(deployed)
    add(chapter.desired)
    for (const helper of chapter.helpers) instances[instanceId(helper)] = helper
  }
  const names = new Set(Object.values(instances).map(({ host }) => host))
  names.delete(localHost)
  const hosts = Object.fromEntries([...names].sort().map((name) => [name, specOf(hostNamed(name))]))
  return { instances, specs, sources: used, ...(names.size === 0 ? {} : { hosts }) }
}

/** Without what only deploy.yaml has a use for. */
function specOf({ name, address, user, port, labels, variables }: HostSpec): HostSpec {
  return { name, address, user, port, labels, variables }
}

function toleranceOf(chapters: readonly ServiceChapter[]): { readonly [service: string]: Tolerance } {
  return Object.fromEntries(
    chapters.flatMap(({ service, order }) => (order.tolerance === null ? [] : [[service, order.tolerance]])),
  )
}

function checksOfOld(chapter: ServiceChapter): Plan['afterUnwind'] {
  const checked = new Set(
    chapter.parts.flatMap(({ host, recorded }) => ((recorded?.spec.checks.length ?? 0) > 0 ? [host] : [])),
  )
  return chapter.drafts
    .filter(({ host, before }) => checked.has(host) && before.length > 0)
    .map(({ before }) => ({ verb: 'check', instances: before.map(instanceId) }))
}

function failureHooks(chapters: readonly ServiceChapter[], config: Config): Plan['onFailure'] {
  const changed = new Map(chapters.map((chapter) => [chapter.service, chapter]))
  return config.hooks
    .filter((hook) => hook.when === 'onFailure' && (hook.service === null || changed.has(hook.service)))
    .flatMap((hook) => {
      const chapter = changed.get(hook.service ?? '')
      const scenes = chapter === undefined ? { whole: noService, hosts: [] } : scenesOf(chapter)
      return scenesFor(hook, scenes).map((scene) => ({
        timeoutMs: hook.timeoutMs,
        hook: hookOperation(hook, hook.command, false, scene),
      }))
    })
}
