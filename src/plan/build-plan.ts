/**
 * The planner: from what is desired, recorded and observed to the graph of steps that leads there. Pure: no clock, no
 * world, and the same plan for the same input, down to its id.
 */
import { digestOf } from '../base/hash.js'
import type { Config } from '../model/config.js'
import { instanceId, type Instance } from '../model/instance.js'
import type { Notice, Plan, PlanCommand, ServiceOutcome } from '../model/plan.js'
import type { DriverSpec, InstanceSpec } from '../model/spec.js'
import { holdsOf, type Deployed, type RecordedService, type RecordedState } from '../model/state.js'
import type { Observation, TargetTraits } from '../model/target.js'
import { localHost } from '../model/host-spec.js'
import type { DesiredService } from './desire.js'
import { diffService, type Difference } from './diff.js'
import { changedDependencies } from './dependencies.js'
import { fateOf } from './fate.js'
import { drawGraph, sceneOf, type ServiceChapter } from './graph.js'
import { hookOperation } from './hook-drafts.js'
import { draftService } from './moves.js'
import { outcomeOfService } from './outcome-of-service.js'
import { keepWarmMs } from './strategies/blue-green.js'
import { defaultStrategy } from './strategies/catalog.js'
import type { StrategyTraits } from './strategies/strategy.js'

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
  readonly traits: (type: string) => TargetTraits
  readonly strategy: (type: string) => StrategyTraits
  /** Earlier releases, by service, that were kept warm for long enough and still run. */
  readonly lapsed: ReadonlyMap<string, Deployed>
  readonly notices: readonly Notice[]
}

/** The lineage and serial of an environment that has no state yet. */
export const noState = { lineage: '', serial: 0 } as const

export function buildPlan(input: PlanInput): Plan {
  const chapters = [...input.desired.keys()].sort().map((service) => chapterOf(service, input))
  const changed = chapters.filter((chapter) => chapter.difference.change.kind !== 'none')
  const outcome: Record<string, ServiceOutcome | null> = {}
  for (const chapter of changed) outcome[chapter.service] = chapter.outcome
  for (const old of Object.values(input.renamed)) outcome[old] = null
  const tables = tablesOf(changed, input.config.sources)
  const dependencies = changedDependencies(
    new Set(changed.map((chapter) => chapter.service)),
    input.config.services,
  )
  const content = {
    format: 1,
    project: input.config.project,
    environment: input.config.environment,
    command: input.command,
    basis: {
      lineage: (input.state ?? noState).lineage,
      serial: (input.state ?? noState).serial,
      configDigest: input.configDigest,
      observedDigest: observedDigest(input.observed),
    },
    changes: chapters.map((chapter) => chapter.difference.change),
    drift: chapters.flatMap((chapter) => chapter.observations.flatMap((seen) => seen.drift)),
    notices: input.notices,
    steps: drawGraph(changed, dependencies, input.config.hooks, input.command, tables),
    afterUnwind: changed.flatMap(checksOfOld),
    onFailure: failureHooks(changed, input.config),
    ...tables,
    outcome,
    renamed: input.renamed,
    parallelism: input.config.parallelism,
    fate: fateOf(dependencies, input.config.onFailure),
  } as const
  return { ...content, id: digestOf(content) }
}

/** The digest of what was seen, for a plan's basis. */
export function observedDigest(observed: PlanInput['observed']): string {
  return digestOf([...observed].sort(([a], [b]) => (a < b ? -1 : 1)))
}

function chapterOf(service: string, input: PlanInput): ServiceChapter {
  const desired = input.desired.get(service) ?? null
  const recordedService = input.state?.services[service] ?? null
  const recorded = recordedService?.active ?? null
  const observations = input.observed.get(service) ?? []
  const spec = desired?.spec ?? recorded?.spec
  if (spec === undefined) throw new Error(`plan: ${service} is neither desired nor recorded`)
  const traits = input.traits(spec.target.type)
  const drift = observations.flatMap((seen) => seen.drift)
  const lapsed = input.lapsed.get(service) ?? null
  const difference = withRename(
    diffService(service, desired, recorded, drift, traits, lapsed),
    input.renamed[service],
  )
  const outcome =
    desired === null ? null : plannedOutcome(service, desired, recordedService, difference, traits, input)
  const keep = [
    ...(desired?.instances ?? []),
    ...(outcome?.previous ?? []).flatMap((deployed) => deployed.instances),
  ]
  const move = {
    difference,
    desired,
    recorded,
    observations,
    traits,
    keep: [...new Set(keep.map((instance) => instance.name))],
    warm: warmOf(recordedService),
    isRollback: input.command === 'rollback',
  }
  const options = desired?.config.strategy ?? { type: defaultStrategy }
  return { service, ...move, outcome, drafts: draftService(move, input.strategy(options.type).plan, options) }
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
): Pick<Plan, 'instances' | 'specs' | 'sources'> {
  const instances: Record<string, Instance> = {}
  const specs: Record<string, InstanceSpec> = {}
  const used: Record<string, DriverSpec> = {}
  const add = (
    side: { readonly instances: readonly Instance[]; readonly spec: InstanceSpec } | null,
  ): void => {
    for (const instance of side?.instances ?? []) {
      instances[instanceId(instance)] = instance
      if (side !== null) specs[instance.specDigest] = side.spec
      const source = sources[instance.release.source]
      if (source !== undefined) used[instance.release.source] = source
    }
  }
  for (const chapter of chapters) {
    add(chapter.recorded)
    for (const deployed of chapter.warm) add(deployed)
    add(chapter.desired)
  }
  return { instances, specs, sources: used }
}

function checksOfOld(chapter: ServiceChapter): Plan['afterUnwind'] {
  if ((chapter.recorded?.spec.checks.length ?? 0) === 0) return []
  const hosts = [...new Set(chapter.drafts.before.map((instance) => instance.host))]
  return hosts.map((host) => {
    const here = chapter.drafts.before.filter((instance) => instance.host === host)
    return { verb: 'check', instances: here.map(instanceId) } as const
  })
}

function failureHooks(chapters: readonly ServiceChapter[], config: Config): Plan['onFailure'] {
  const changed = new Map(chapters.map((chapter) => [chapter.service, chapter]))
  const whole = { host: localHost, service: null, instance: null, previous: null }
  return config.hooks
    .filter((hook) => hook.when === 'onFailure' && (hook.service === null || changed.has(hook.service)))
    .map((hook) => {
      const chapter = changed.get(hook.service ?? '')
      const scene = chapter === undefined ? whole : sceneOf(chapter)
      return { timeoutMs: hook.timeoutMs, hook: hookOperation(hook, hook.command, false, scene) }
    })
}
