/**
 * Not a strategy to choose: how instances that are as they should be are started anew, a few at a time and each out of
 * the traffic meanwhile. As many serve as the service's strategy says: helpers of the same release stand in where it
 * allows more than there are, and go when all is done. Pure.
 */
import { copyName, type Instance } from '../../model/instance.js'
import type { StrategySpec } from '../../model/spec.js'
import { check, drain, evenly, route, start, stop, watch, without } from './drafts.js'
import { countOf, optionMs } from './options.js'
import type { Draft, HostMove, Move } from './strategy.js'

/** `missing`: copies, as `copyName` says them, that do not run; `helpers`: those that stand in. */
export function restart(
  { host, after }: HostMove,
  move: Move,
  options: StrategySpec,
  missing: ReadonlySet<string>,
  helpers: readonly Instance[],
): readonly Draft[] {
  if (!move.verbs.has('start'))
    return [route(move, host, evenly(after), evenly(after), 0), ...check(move, host, after)]
  const inTurn = Math.max(1, helpers.length + unavailableOf(after, options))
  const drainMs = optionMs(options, 'drain')
  const drafts: Draft[] = []
  let serving: readonly Instance[] = after.filter((instance) => !missing.has(copyName(instance)))
  const serve = (wanted: readonly Instance[]): void => {
    drafts.push(route(move, host, evenly(serving), evenly(wanted), drainMs))
    serving = wanted
  }
  const comeUp = (instances: readonly Instance[]): void => {
    drafts.push(
      ...start(host, instances),
      ...check(move, host, instances, optionMs(options, 'healthyDeadline')),
      ...watch(move, host, instances, optionMs(options, 'minHealthyTime')),
    )
  }
  const goDown = (instances: readonly Instance[]): void => {
    drafts.push(...drain(move, host, instances, drainMs), ...stop(host, instances))
  }
  comeUp(helpers)
  if (helpers.length > 0) serve([...serving, ...helpers])
  for (let first = 0; first < after.length; first += inTurn) {
    const these = after.slice(first, first + inTurn)
    serve(without(serving, these))
    goDown(these)
    comeUp(these)
    serve([...serving, ...these])
  }
  if (helpers.length > 0) serve(after)
  goDown(helpers)
  return [...drafts, ...watch(move, host, after, optionMs(options, 'monitor'))]
}

/** Copies beyond those that are recorded, numbered on. */
export function helpersOf(instances: readonly Instance[], options: StrategySpec): readonly Instance[] {
  if (instances.some(({ slot }) => slot === null)) return [] // its target runs one of it
  const surge = Math.min(surgeOf(instances, options), instances.length)
  const last = Math.max(0, ...instances.map(({ slot }) => slot ?? 0))
  return instances.slice(0, surge).map((instance, at) => ({ ...instance, slot: last + at + 1 }))
}

/** What must not run twice does not; other strategies than `rolling` stand a whole second set, so one copy is little. */
function surgeOf(instances: readonly Instance[], options: StrategySpec): number {
  if (options.type === 'recreate') return 0
  return options.type === 'rolling' ? countOf(options, 'maxSurge', instances.length) : 1
}

function unavailableOf(instances: readonly Instance[], options: StrategySpec): number {
  return options.type === 'rolling' ? countOf(options, 'maxUnavailable', instances.length) : 0
}
