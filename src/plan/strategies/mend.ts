/**
 * Not a strategy to choose: how instances that are not as recorded are put right. Only those are touched, one after another,
 * and each is out of the traffic meanwhile where others serve. Pure.
 */
import { copyName, type Instance } from '../../model/instance.js'
import { check, drain, evenly, route, without } from './drafts.js'
import { instanceId } from '../../model/instance.js'
import type { Draft, HostMove, Move } from './strategy.js'

const drainMs = 30_000

/** `ailing`: copies, as `copyName` says them, that are missing, ended or changed; `missing`: those that do not run. */
export function mend(
  { host, after, lapsed }: HostMove,
  move: Move,
  ailing: ReadonlySet<string>,
  missing: ReadonlySet<string>,
): readonly Draft[] {
  const sick = after.filter((instance) => ailing.has(copyName(instance)))
  let serving: readonly Instance[] = after.filter((instance) => !missing.has(copyName(instance)))
  const drafts: Draft[] = []
  for (const instance of sick) {
    const others = without(serving, [instance])
    const serves = others.length < serving.length
    if (serves && others.length > 0) {
      drafts.push(
        route(move, host, evenly(serving), evenly(others), 0),
        ...drain(move, host, [instance], drainMs),
      )
      serving = others
    }
    drafts.push(startAgain(host, instance), ...check(move, host, [instance]))
    const back = after.filter((one) => one === instance || serving.includes(one))
    drafts.push(route(move, host, evenly(serving), evenly(back), 0))
    serving = back
  }
  const settled =
    sick.length > 0 ? [] : [route(move, host, evenly(after), evenly(after), 0), ...check(move, host, after)]
  const idle = lapsed.map(instanceId)
  const ends: readonly Draft[] =
    idle.length === 0
      ? []
      : [{ host, apply: { verb: 'stop', instances: idle }, revert: { verb: 'start', instances: idle } }]
  return [...drafts, ...settled, ...ends].map(lasting)
}

/** A start makes anew what is not as it should be; what was mended is not broken again by an unwind. */
function startAgain(host: string, instance: Instance): Draft {
  return { host, apply: { verb: 'start', instances: [instanceId(instance)] }, revert: { nothing: true } }
}

function lasting(draft: Draft): Draft {
  const { verb } = draft.apply
  if (verb === 'stop') return draft
  const changes = verb === 'route' || verb === 'start'
  return { ...draft, revert: { nothing: true, ...(changes ? { because: 'what was repaired stays' } : {}) } }
}
