/** The operations that strategies put together, with their reverts; and what a move does on one host. Pure. */
import { copyName, instanceId, type Instance } from '../../model/instance.js'
import type { Share } from '../../model/operation.js'
import type { Draft, HostMove, Move } from './strategy.js'

export function start(host: string, instances: readonly Instance[]): readonly Draft[] {
  const ids = instances.map(instanceId)
  if (ids.length === 0) return []
  return [{ host, apply: { verb: 'start', instances: ids }, revert: { verb: 'stop', instances: ids } }]
}

export function stop(host: string, instances: readonly Instance[]): readonly Draft[] {
  const ids = instances.map(instanceId)
  if (ids.length === 0) return []
  return [{ host, apply: { verb: 'stop', instances: ids }, revert: { verb: 'start', instances: ids } }]
}

/** `drainMs`: how long, on the way back, those that lose their traffic again may take to finish what they are doing. */
export function route(
  move: Move,
  host: string,
  from: readonly Share[],
  to: readonly Share[],
  drainMs: number,
): Draft {
  const staying = new Set(from.map(({ instance }) => instance))
  const leaves = to.some(({ instance }) => !staying.has(instance))
  const drained = leaves && drainMs > 0 && move.verbs.has('drain') ? { drainMs } : {}
  return {
    host,
    apply: { verb: 'route', from, to },
    revert: { verb: 'route', from: to, to: from, ...drained },
  }
}

/** Waits until what lost its traffic is idle. Where a target cannot tell there is no such step. */
export function drain(
  move: Move,
  host: string,
  instances: readonly Instance[],
  deadlineMs: number,
): readonly Draft[] {
  if (instances.length === 0 || deadlineMs === 0 || !move.verbs.has('drain')) return []
  const apply = { verb: 'drain', instances: instances.map(instanceId), deadlineMs } as const
  return [{ host, apply, revert: { nothing: true } }]
}

export function check(
  move: Move,
  host: string,
  instances: readonly Instance[],
  deadlineMs: number | null = null,
): readonly Draft[] {
  const ids = instances.filter((instance) => move.hasChecks(instance)).map(instanceId)
  if (ids.length === 0) return []
  const apply = { verb: 'check', instances: ids, ...(deadlineMs === null ? {} : { deadlineMs }) } as const
  return [{ host, apply, revert: { nothing: true } }]
}

export function watch(
  move: Move,
  host: string,
  instances: readonly Instance[],
  forMs: number,
): readonly Draft[] {
  if (instances.length === 0 || forMs === 0 || !move.verbs.has('watch')) return []
  const apply = { verb: 'watch', instances: instances.map(instanceId), forMs } as const
  return [{ host, apply, revert: { nothing: true } }]
}

/** Waits for a person, and watches the instances as far as they can be watched. */
export function pause(host: string, instances: readonly Instance[], deadlineMs: number): Draft {
  const apply = { verb: 'pause', instances: instances.map(instanceId), deadlineMs } as const
  return { host, apply, revert: { nothing: true } }
}

/** The same part of the traffic for each. */
export function evenly(instances: readonly Instance[], weight = 1): readonly Share[] {
  return instances.map((instance) => ({ instance: instanceId(instance), weight }))
}

/** From what serves on a host, what should, and what was kept warm there. */
export function hostMove(
  host: string,
  before: readonly Instance[],
  after: readonly Instance[],
  warm: readonly Instance[],
): HostMove {
  return {
    host,
    before,
    after,
    fresh: without(after, [...before, ...warm]),
    gone: without(before, after),
    lapsed: without(warm, [...after, ...before]),
  }
}

/** Instances are the same when their names are: another specification of the same copy leaves it as it is. */
export function without(instances: readonly Instance[], others: readonly Instance[]): readonly Instance[] {
  const names = new Set(others.map(copyName))
  return instances.filter((instance) => !names.has(copyName(instance)))
}
