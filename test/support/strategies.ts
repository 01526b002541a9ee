/** Two more strategies, so that the engine's laws are proven for orders that `rolling` does not have. */
import { instanceId } from '../../src/model/instance.js'
import type { Instance } from '../../src/model/instance.js'
import { rolling } from '../../src/plan/strategies/rolling.js'
import type { Draft, Strategy } from '../../src/plan/strategies/strategy.js'

const start = (one: Instance): Draft => {
  const instance = instanceId(one)
  return { host: one.host, apply: { verb: 'start', instance }, revert: { verb: 'stop', instance } }
}
const stop = (one: Instance): Draft => {
  const instance = instanceId(one)
  return { host: one.host, apply: { verb: 'stop', instance }, revert: { verb: 'start', instance } }
}
const check = (one: Instance): Draft => ({
  host: one.host,
  apply: { verb: 'check', instance: instanceId(one) },
  revert: { nothing: true },
})
const route = (old: Instance | undefined, next: Instance | undefined): Draft => {
  const from = old === undefined ? null : instanceId(old)
  const to = next === undefined ? null : instanceId(next)
  return {
    host: (next ?? old)!.host,
    apply: { verb: 'route', from, to },
    revert: { verb: 'route', from: to, to: from },
  }
}
const pairs = (before: readonly Instance[], after: readonly Instance[]) =>
  [...new Set([...before, ...after].map((one) => one.host))].map(
    (host) => [before.find((one) => one.host === host), after.find((one) => one.host === host)] as const,
  )

const blueGreen: Strategy = ({ before, after }) => [
  ...after.map(start),
  ...after.map(check),
  ...pairs(before, after).map(([old, next]) => route(old, next)),
  ...before.filter((old) => !after.some((next) => instanceId(next) === instanceId(old))).map(stop),
]

/** Nothing serves between the two: the old one is switched off and stopped before the new one starts. */
const recreate: Strategy = ({ before, after }) => [
  ...before.flatMap((old) => [route(old, undefined), stop(old)]),
  ...after.flatMap((next) => [start(next), check(next), route(undefined, next)]),
]

export const allStrategies: { readonly [type: string]: Strategy } = {
  rolling,
  'blue-green': blueGreen,
  recreate,
}
