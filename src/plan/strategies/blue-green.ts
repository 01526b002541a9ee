/** All new instances beside all old ones, then one switch. With keepWarm the old ones stay up, so that going back is one too. Pure. */
import { check, drain, evenly, route, start, stop, watch } from './drafts.js'
import { hostOptionSchemas, optionMs, optionSchemas } from './options.js'
import type { StrategySpec } from '../../model/spec.js'
import type { Draft, HostMove, Move, StrategyTraits } from './strategy.js'

export const blueGreen: StrategyTraits = {
  verbs: ['stage', 'route', 'start', 'stop'],
  weights: false,
  plan: (here, move, options) => [
    ...bringUp(here, move, options),
    route(move, here.host, evenly(here.before), evenly(here.after), optionMs(options, 'drain')),
    ...takeDown(here, move, options),
  ],
  schema: {
    type: 'object',
    description:
      'All new instances are started beside the old ones and checked; then one switch moves all traffic.',
    properties: {
      type: { const: 'blue-green', description: 'The kind of strategy.', examples: ['blue-green'] },
      minHealthyTime: optionSchemas.minHealthyTime,
      healthyDeadline: optionSchemas.healthyDeadline,
      drain: optionSchemas.drain,
      keepWarm: optionSchemas.keepWarm,
      monitor: optionSchemas.monitor,
      ...hostOptionSchemas,
    },
    required: ['type'],
    additionalProperties: false,
  },
}

/** Starts what is to serve, beside what serves. */
export function bringUp({ host, fresh }: HostMove, move: Move, options: StrategySpec): readonly Draft[] {
  return [
    ...start(host, fresh),
    ...check(move, host, fresh, optionMs(options, 'healthyDeadline')),
    ...watch(move, host, fresh, optionMs(options, 'minHealthyTime')),
  ]
}

/** After the last switch: watches the new, lets the old finish, and stops it unless it is kept warm. */
export function takeDown(
  { host, fresh, gone, lapsed, after }: HostMove,
  move: Move,
  options: StrategySpec,
): readonly Draft[] {
  const staysWarm = after.length > 0 && keepWarmMs(options, move.isRollback) > 0
  return [
    ...watch(move, host, fresh, optionMs(options, 'monitor')),
    ...drain(move, host, gone, optionMs(options, 'drain')),
    ...stop(host, staysWarm ? lapsed : [...gone, ...lapsed]),
  ]
}

/** What a rollback leaves is not kept: it was left for a reason. */
export function keepWarmMs(options: StrategySpec, isRollback: boolean): number {
  return isRollback ? 0 : optionMs(options, 'keepWarm')
}
