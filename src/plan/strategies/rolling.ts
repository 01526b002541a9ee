/** Host by host: start, check, switch, check, stop the old one; the next host begins when this one is healthy. Pure. */
import { instanceId, type Instance } from '../../model/instance.js'
import type { Draft, Move, Strategy } from './strategy.js'

export const rolling: Strategy = (move) => {
  const leaving = move.before.filter((old) => !move.after.some((next) => next.host === old.host))
  return [
    ...move.after.flatMap((next) => replaceOn(next.host, onHost(move.before, next.host), next, move)),
    ...leaving.flatMap((old) => replaceOn(old.host, old, null, move)),
  ]
}

function onHost(instances: readonly Instance[], host: string): Instance | null {
  return instances.find((instance) => instance.host === host) ?? null
}

function replaceOn(host: string, old: Instance | null, next: Instance | null, move: Move): readonly Draft[] {
  const from = old === null ? null : instanceId(old)
  const to = next === null ? null : instanceId(next)
  const runs = move.verbs.has('start')
  const check: readonly Draft[] =
    next !== null && to !== null && move.hasChecks(next)
      ? [{ host, apply: { verb: 'check', instance: to }, revert: { nothing: true } }]
      : []
  const start: readonly Draft[] =
    runs && to !== null && to !== from
      ? [{ host, apply: { verb: 'start', instance: to }, revert: { verb: 'stop', instance: to } }, ...check]
      : []
  const stop: readonly Draft[] =
    runs && from !== null && to !== from
      ? [{ host, apply: { verb: 'stop', instance: from }, revert: { verb: 'start', instance: from } }]
      : []
  const route: Draft = {
    host,
    apply: { verb: 'route', from, to },
    revert: { verb: 'route', from: to, to: from },
  }
  return [...start, route, ...check, ...stop]
}
