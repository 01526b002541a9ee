/**
 * A few at a time. Instances that run: new ones are started and checked, take over from as many old ones, which are drained
 * and stopped; then the next few. A target that only switches does just that.
 */
import { instanceId, type Instance } from '../../model/instance.js'
import { check, drain, evenly, route, start, stop, watch, without } from './drafts.js'
import { countOf, hostOptionSchemas, optionMs, optionSchemas } from './options.js'
import type { StrategySpec } from '../../model/spec.js'
import type { Draft, HostMove, Move, StrategyTraits } from './strategy.js'

export const rolling: StrategyTraits = {
  verbs: ['stage', 'route'],
  weights: false,
  plan: (here, move, options) =>
    move.verbs.has('start') ? rollOn(here, move, options) : switchOn(here, move),
  schema: {
    type: 'object',
    description:
      'A few instances at a time, host by host: stage, start, check, switch, stop the old ones; the next begin when these are healthy.',
    properties: {
      type: { const: 'rolling', description: 'The kind of strategy.', examples: ['rolling'] },
      maxSurge: optionSchemas.maxSurge,
      maxUnavailable: optionSchemas.maxUnavailable,
      minHealthyTime: optionSchemas.minHealthyTime,
      healthyDeadline: optionSchemas.healthyDeadline,
      progressDeadline: optionSchemas.progressDeadline,
      drain: optionSchemas.drain,
      monitor: optionSchemas.monitor,
      ...hostOptionSchemas,
    },
    required: ['type'],
    additionalProperties: false,
  },
}

function switchOn({ host, before, after }: HostMove, move: Move): readonly Draft[] {
  return [route(move, host, evenly(before), evenly(after), 0), ...check(move, host, after)]
}

function rollOn(here: HostMove, move: Move, options: StrategySpec): readonly Draft[] {
  const { host, after } = here
  const drainMs = optionMs(options, 'drain')
  const surge = countOf(options, 'maxSurge', after.length)
  const unavailable = countOf(options, 'maxUnavailable', after.length)
  const drafts: Draft[] = []
  let serving = here.before
  let [fresh, gone] = [here.fresh, here.gone]
  // What was warm already needs no start: it takes over at once.
  let next: readonly Instance[] = without(after, [...serving, ...fresh])
  const serve = (wanted: readonly Instance[]): void => {
    if (sameNames(wanted, serving)) return
    drafts.push(route(move, host, evenly(serving), evenly(wanted), drainMs))
    serving = wanted
  }
  const leave = (count: number): readonly Instance[] => {
    const leaving = gone.slice(0, count)
    gone = gone.slice(count)
    return leaving
  }
  const end = (leaving: readonly Instance[]): void => {
    drafts.push(...drain(move, host, leaving, drainMs), ...stop(host, leaving))
  }
  while (fresh.length > 0 || next.length > 0 || gone.length > 0) {
    const last = fresh.length + next.length === 0
    // Without anything to come, all that is left goes at once.
    const down = leave(last ? gone.length : fresh.length === 0 ? 0 : unavailable)
    if (down.length > 0) {
      serve(without(serving, down))
      end(down)
    }
    if (last) break
    const coming = fresh.slice(0, Math.max(1, surge + down.length))
    fresh = fresh.slice(coming.length)
    const batchFrom = drafts.length
    drafts.push(
      ...start(host, coming),
      ...check(move, host, coming, optionMs(options, 'healthyDeadline')),
      ...watch(move, host, coming, optionMs(options, 'minHealthyTime')),
    )
    const joining = [...next, ...coming]
    next = []
    const replaced = leave(fresh.length === 0 ? gone.length : joining.length - down.length)
    serve([...without(serving, replaced), ...joining])
    drafts.push(...inTime(drafts.splice(batchFrom), optionMs(options, 'progressDeadline')))
    end(replaced)
  }
  serve(after)
  const all = sameIds(serving, after) ? [] : [route(move, host, evenly(serving), evenly(after), drainMs)]
  return [
    ...drafts,
    ...all,
    ...watch(move, host, here.fresh, optionMs(options, 'monitor')),
    ...stop(host, here.lapsed),
  ]
}

function sameNames(a: readonly Instance[], b: readonly Instance[]): boolean {
  return a.length === b.length && without(a, b).length === 0
}

/** Also the specification: a switch to the same copies under a new one tells the router of it. */
function sameIds(a: readonly Instance[], b: readonly Instance[]): boolean {
  const ids = new Set(a.map(instanceId))
  return a.length === b.length && b.every((instance) => ids.has(instanceId(instance)))
}

/** From its start until it serves a batch has this long. */
function inTime(batch: readonly Draft[], deadlineMs: number | null): readonly Draft[] {
  if (deadlineMs === null) return batch
  return batch.map((draft, index) => ({ ...draft, progress: { deadlineMs, begins: index === 0 } }))
}
