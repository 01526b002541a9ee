/**
 * From the drafts of every changed service to the steps of the plan and what each needs. Pure.
 *
 * The order: hooks before the deployment; every service's staging, side by side; each service's move, after those it
 * depends on; services that go, after all others; hooks after the deployment; and last, when nothing can fail any more,
 * what retention no longer keeps.
 */
import { instanceId, type Instance } from '../model/instance.js'
import type { PlanCommand, ServiceOutcome, Step } from '../model/plan.js'
import type { HookSpec, StrategySpec } from '../model/spec.js'
import type { Observation } from '../model/target.js'
import { inDependencyOrder } from './dependencies.js'
import { localHost } from '../model/host-spec.js'
import {
  hookDrafts,
  momentsOf,
  weaveHooks,
  type HookDraft,
  type HookScene,
  type HookScenes,
} from './hook-drafts.js'
import type { HostDrafts, ServiceMove } from './moves.js'
import { createStepPen, type StepPen, type Tables } from './step-pen.js'
import type { RecordedService } from '../model/state.js'
import { legsOf, type HostOrder, type Leg } from './waves.js'

/** One changed service, ready to be drawn into the graph. */
export interface ServiceChapter extends ServiceMove {
  readonly strategy: StrategySpec
  readonly service: string
  readonly recorded: RecordedService | null
  readonly outcome: ServiceOutcome | null
  readonly observations: readonly Observation[]
  readonly drafts: readonly HostDrafts[]
  readonly order: HostOrder
  /** Copies that are there only while it is carried out. */
  readonly helpers: readonly Instance[]
}

export function drawGraph(
  chapters: readonly ServiceChapter[],
  dependencies: ReadonlyMap<string, readonly string[]>,
  hooks: readonly HookSpec[],
  command: PlanCommand,
  tables: Tables,
): readonly Step[] {
  if (chapters.length === 0) return []
  const pen = createStepPen(tables)
  const moments = momentsOf[command]
  const whole = { whole: noService, hosts: [] }
  const ordered = chaptersInOrder(chapters, dependencies)

  // Hooks belong to a deployment of something new; a repair puts back what was there and runs none.
  const repairsOnly = chapters.every((chapter) => chapter.difference.repairOnly)
  const wholeAt = (when: HookSpec['when']): readonly HookDraft[] =>
    repairsOnly ? [] : hookDrafts(hooks, when, whole)

  const opening = pen.chain(null, wholeAt(moments.first), [])
  const staged = new Map<string, readonly string[]>()
  for (const chapter of ordered) {
    const before = pen.chain(chapter.service, hooksAt(moments.first, chapter, hooks), opening)
    const stages = chapter.drafts.flatMap(({ host, stage }) =>
      stage.flatMap((draft) => pen.chain(chapter.service, [draft], before, laneOf(chapter, host))),
    )
    staged.set(chapter.service, stages.length > 0 ? stages : before)
  }
  const ends = new Map<string, readonly string[]>()
  for (const chapter of ordered) {
    const goes = chapter.desired === null
    const awaited = goes
      ? ordered.filter((other) => other.desired !== null).flatMap((other) => ends.get(other.service) ?? [])
      : (dependencies.get(chapter.service) ?? []).flatMap((name) => ends.get(name) ?? [])
    const closing: Leg = [{ drafts: hooksAt(moments.last, chapter, hooks), host: null }]
    const begin = [...(staged.get(chapter.service) ?? []), ...awaited]
    ends.set(
      chapter.service,
      drawLegs(pen, chapter.service, [...moveWithHooks(chapter, hooks), closing], begin),
    )
  }
  pen.chain(null, wholeAt(moments.last), [...ends.values()].flat())
  // Nothing in the graph orders these: the executor runs every prune when all else has succeeded.
  for (const chapter of ordered) {
    for (const { host, prune } of chapter.drafts)
      for (const draft of prune) pen.chain(chapter.service, [draft], [], laneOf(chapter, host))
  }
  return pen.steps()
}

/** Leg after leg; answers what whoever comes after them all has to wait for. */
function drawLegs(
  pen: StepPen,
  service: string,
  legs: readonly Leg[],
  begin: readonly string[],
): readonly string[] {
  let needs = begin
  for (const leg of legs) {
    const begun = needs
    const ends = leg.flatMap(({ drafts, host }) => pen.chain(service, drafts, begun, host))
    if (leg.length > 0) needs = [...new Set(ends)]
  }
  return needs
}

function laneOf({ order }: ServiceChapter, host: string): string | null {
  return order.mayFail(host) ? host : null
}

/** Services in the order of their dependencies, then by name; those that go come last. */
function chaptersInOrder(
  chapters: readonly ServiceChapter[],
  dependencies: ReadonlyMap<string, readonly string[]>,
): readonly ServiceChapter[] {
  const byName = new Map(chapters.map((chapter) => [chapter.service, chapter]))
  const goes = (chapter: ServiceChapter): number => (chapter.desired === null ? 1 : 0)
  const sorted = [...chapters].sort((a, b) => goes(a) - goes(b) || (a.service < b.service ? -1 : 1))
  return inDependencyOrder(
    sorted.map((chapter) => chapter.service),
    dependencies,
  ).flatMap((name) => byName.get(name) ?? [])
}

function moveWithHooks(chapter: ServiceChapter, hooks: readonly HookSpec[]): readonly Leg[] {
  const legs = legsOf(chapter.order, chapter.strategy)
  return weaveHooks(legs, chapter.difference.repairOnly ? [] : hooks, scenesOf(chapter))
}

function hooksAt(
  when: HookSpec['when'],
  chapter: ServiceChapter,
  hooks: readonly HookSpec[],
): readonly HookDraft[] {
  return chapter.difference.repairOnly ? [] : hookDrafts(hooks, when, scenesOf(chapter))
}

/** Of the hooks that belong to the whole deployment. */
export const noService: HookScene = { host: localHost, service: null, instance: null, previous: null }

/** Whose hooks these are, and between which two instances they stand: for the service, and for each host that changes. */
export function scenesOf(
  chapter: Pick<ServiceChapter, 'service' | 'desired' | 'recorded' | 'drafts'>,
): HookScenes {
  const next = chapter.desired?.instances ?? []
  const old = chapter.recorded?.active.instances ?? []
  const between = (host: string, a: Instance | undefined, b: Instance | undefined): HookScene => ({
    host,
    service: chapter.service,
    instance: a === undefined ? null : instanceId(a),
    previous: b === undefined ? null : instanceId(b),
  })
  const on = (instances: readonly Instance[], host: string): Instance | undefined =>
    instances.find((instance) => instance.host === host)
  return {
    whole: between(localHost, next[0], old[0]),
    hosts: chapter.drafts.map(({ host }) => between(host, on(next, host), on(old, host))),
  }
}
