/** Puts the user's hooks at their moments between a strategy's drafts. Pure. */
import type { InstanceId } from '../model/instance.js'
import type { HookOperation, Revert } from '../model/operation.js'
import type { PlanCommand } from '../model/plan.js'
import type { Command, HookMoment, HookSpec } from '../model/spec.js'
import type { Draft } from './strategies/strategy.js'

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
  move: readonly Draft[],
  hooks: readonly HookSpec[],
  scene: HookScene,
): readonly (Draft | HookDraft)[] {
  const firstRoute = move.findIndex((draft) => draft.apply.verb === 'route')
  if (firstRoute === -1) return move
  let afterLastRoute = move.findLastIndex((draft) => draft.apply.verb === 'route') + 1
  while (move[afterLastRoute]?.apply.verb === 'check') afterLastRoute++
  return [
    ...hookDrafts(hooks, 'beforeStart', scene),
    ...move.slice(0, firstRoute),
    ...hookDrafts(hooks, 'beforeSwitch', scene),
    ...move.slice(firstRoute, afterLastRoute),
    ...hookDrafts(hooks, 'afterSwitch', scene),
    ...move.slice(afterLastRoute),
  ]
}
