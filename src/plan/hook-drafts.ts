/** Puts the user's hooks at their moments between a strategy's drafts. Pure. */
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
}

export interface HookScene {
  readonly host: string
  readonly service: string | null
  readonly instance: InstanceId | null
  readonly previous: InstanceId | null
}

export function hookDrafts(
  hooks: readonly HookSpec[],
  when: HookMoment,
  scene: HookScene,
): readonly HookDraft[] {
  return hooks
    .filter((hook) => hook.when === when && hook.service === scene.service)
    .map((hook) => ({
      host: scene.host,
      apply: hookOperation(hook, hook.command, false, scene),
      revert: revertOf(hook, scene),
      timeoutMs: hook.timeoutMs,
      tolerant: hook.onFailure === 'continue',
    }))
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
  scene: HookScene,
): readonly Leg[] {
  const routes = ({ drafts }: Lane): boolean => drafts.some(isRoute)
  const last = legs.findLastIndex((leg) => leg.some(routes))
  if (last === -1) return legs
  const at = (when: HookMoment): Leg => [{ drafts: hookDrafts(hooks, when, scene), host: null }]
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
  const first = drafts.findIndex(isRoute)
  return first === -1 ? drafts.length : first
}

function afterLastRoute({ drafts }: Lane): number {
  let index = drafts.findLastIndex(isRoute) + 1
  while (index > 0 && drafts[index]?.apply.verb === 'check') index++
  return index
}

function isRoute({ apply }: Draft): boolean {
  return apply.verb === 'route'
}
