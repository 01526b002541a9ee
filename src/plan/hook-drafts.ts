/** Puts the user's hooks at their moments between a strategy's drafts. Pure. */
import { localHost } from '../model/host-spec.js'
import type { InstanceId } from '../model/instance.js'
import type { HookOperation, Revert } from '../model/operation.js'
import type { PlanCommand } from '../model/plan.js'
import type { Command, HookMoment, HookSpec } from '../model/spec.js'
import type { Draft } from './strategies/strategy.js'
import type { Lane, Leg } from './waves.js'

export interface HookDraft extends Draft {
  readonly apply: HookOperation
  readonly timeoutMs: number
  readonly tolerant: boolean
}

/** A rollback has its own first and last moment; those in the middle belong to both. */
export const momentsOf: {
  readonly [C in PlanCommand]: { readonly first: HookMoment; readonly last: HookMoment }
} = {
  apply: { first: 'beforeDeploy', last: 'afterDeploy' },
  rollback: { first: 'beforeRollback', last: 'afterRollback' },
  restart: { first: 'beforeDeploy', last: 'afterDeploy' }, // which it never runs: it brings nothing new
}

export interface HookScene {
  readonly host: string
  readonly service: string | null
  readonly instance: InstanceId | null
  readonly previous: InstanceId | null
}

/** The scene of the whole service, and one for each of its hosts, in their order. */
export interface HookScenes {
  readonly whole: HookScene
  readonly hosts: readonly HookScene[]
}

export function hookDrafts(
  hooks: readonly HookSpec[],
  when: HookMoment,
  scenes: HookScenes,
): readonly HookDraft[] {
  return hooks
    .filter((hook) => hook.when === when && hook.service === scenes.whole.service)
    .flatMap((hook) => scenesFor(hook, scenes).map((scene) => draftOf(hook, scene)))
}

/** For every host, or for one that stands for all: where it runs on a host, that is the first one. */
export function scenesFor(hook: HookSpec, { whole, hosts }: HookScenes): readonly HookScene[] {
  if (hook.each === 'host') return hosts
  return [(hook.at === 'host' ? hosts[0] : undefined) ?? whole]
}

function draftOf(hook: HookSpec, scene: HookScene): HookDraft {
  return {
    host: scene.host,
    apply: hookOperation(hook, hook.command, false, scene),
    revert: revertOf(hook, scene),
    timeoutMs: hook.timeoutMs,
    tolerant: hook.onFailure === 'continue',
  }
}

export function hookOperation(
  hook: HookSpec,
  command: Command,
  undo: boolean,
  scene: HookScene,
): HookOperation {
  return {
    verb: 'hook',
    hook: hook.name,
    moment: hook.when,
    undo,
    command,
    directory: hook.directory,
    ...(scene.host === localHost ? {} : { host: scene.host, ...(hook.at === 'host' ? { at: hook.at } : {}) }),
    ...(hook.become === null ? {} : { become: hook.become }),
    env: hook.env,
    service: scene.service,
    instance: scene.instance,
    previous: scene.previous,
  }
}

function revertOf(hook: HookSpec, scene: HookScene): Revert {
  if ('nothing' in hook.revert || 'irreversible' in hook.revert) return hook.revert
  return hookOperation(hook, hook.revert, true, scene)
}

/**
 * `beforeStart` stands before the first operation that runs anything of the new release, `beforeSwitch` before the first
 * switch, `afterSwitch` after the last switch and the checks that prove it.
 */
export function weaveHooks(
  legs: readonly Leg[],
  hooks: readonly HookSpec[],
  scenes: HookScenes,
): readonly Leg[] {
  const once = hooks.filter(({ each }) => each === 'deployment')
  const eachHost = hooks.filter(({ each }) => each === 'host')
  return weaveOnce(weaveEach(legs, eachHost, scenes), once, scenes)
}

/** The same on every host by itself: what is taken out before its switch is put back after it, whatever others do. */
function weaveEach(legs: readonly Leg[], hooks: readonly HookSpec[], scenes: HookScenes): readonly Leg[] {
  return scenes.hosts.reduce((woven, scene) => {
    const at = (when: HookMoment): readonly HookDraft[] =>
      hookDrafts(hooks, when, { whole: scene, hosts: [scene] })
    const isHere = ({ drafts }: Lane): boolean => drafts.some(({ host }) => host === scene.host)
    const routes = (lane: Lane): boolean => isHere(lane) && lane.drafts.some(isRoute)
    const first = woven.findIndex((leg) => leg.some(routes))
    const last = woven.findLastIndex((leg) => leg.some(routes))
    const insert = (lane: Lane, index: number, drafts: readonly Draft[]): Lane => ({
      ...lane,
      drafts: [...lane.drafts.slice(0, index), ...drafts, ...lane.drafts.slice(index)],
    })
    return woven.map((leg, index) =>
      leg.map((lane) => {
        if (!routes(lane)) return lane
        const ended = index === last ? insert(lane, afterLastRoute(lane), at('afterSwitch')) : lane
        if (index !== first) return ended
        const before = insert(ended, beforeFirstRoute(ended), at('beforeSwitch'))
        return insert(before, 0, at('beforeStart'))
      }),
    )
  }, legs)
}

function weaveOnce(legs: readonly Leg[], hooks: readonly HookSpec[], scenes: HookScenes): readonly Leg[] {
  const routes = ({ drafts }: Lane): boolean => drafts.some(isRoute)
  const last = legs.findLastIndex((leg) => leg.some(routes))
  if (last === -1) return legs
  const at = (when: HookMoment): Leg => [{ drafts: hookDrafts(hooks, when, scenes), host: null }]
  const [tailBegun, after] = [legs.slice(0, last), legs.slice(last + 1)]
  const split = splitAt(legs[last] ?? [], afterLastRoute, at('afterSwitch'))
  const switched = [...tailBegun, ...split, ...after]
  const first = switched.findIndex((leg) => leg.some(routes))
  return [
    at('beforeStart'),
    ...switched.slice(0, first),
    ...splitAt(switched[first] ?? [], beforeFirstRoute, at('beforeSwitch')),
    ...switched.slice(first + 1),
  ]
}

/** A leg with a hook in the middle of all its lanes; without one they stay whole, and each runs through. */
function splitAt(leg: Leg, index: (lane: Lane) => number, hook: Leg): readonly Leg[] {
  if (hook.every(({ drafts }) => drafts.length === 0)) return [leg]
  const part = (from: (lane: Lane) => number, to: (lane: Lane) => number): Leg =>
    leg.map((lane) => ({ ...lane, drafts: lane.drafts.slice(from(lane), to(lane)) }))
  return [part(() => 0, index), hook, part(index, ({ drafts }) => drafts.length)]
}

function beforeFirstRoute({ drafts }: Lane): number {
  let index = drafts.findIndex(isRoute)
  if (index === -1) return drafts.length
  while (index > 0 && drafts[index - 1]?.apply.verb === 'hook') index--
  return index
}

function afterLastRoute({ drafts }: Lane): number {
  let index = drafts.findLastIndex(isRoute) + 1
  while (index > 0 && ['check', 'hook'].includes(drafts[index]?.apply.verb ?? '')) index++
  return index
}

function isRoute({ apply }: Draft): boolean {
  return apply.verb === 'route'
}
