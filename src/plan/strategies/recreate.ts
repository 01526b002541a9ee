/** The old instances end before the new ones start: for what cannot run twice. Nothing serves in between. Pure. */
import { check, drain, evenly, route, start, stop, watch, without } from './drafts.js'
import { hostOptionSchemas, optionMs, optionSchemas } from './options.js'
import type { StrategySpec } from '../../model/spec.js'
import type { Draft, HostMove, Move, StrategyTraits } from './strategy.js'

export const recreate: StrategyTraits = {
  verbs: ['stage', 'route', 'start', 'stop'],
  weights: false,
  plan: recreateOn,
  schema: {
    type: 'object',
    description:
      'The old instances are stopped before the new ones are started: for what must not run twice. Nothing serves in between.',
    properties: {
      type: { const: 'recreate', description: 'The kind of strategy.', examples: ['recreate'] },
      healthyDeadline: optionSchemas.healthyDeadline,
      drain: optionSchemas.drain,
      monitor: optionSchemas.monitor,
      ...hostOptionSchemas,
    },
    required: ['type'],
    additionalProperties: false,
  },
}

function recreateOn(here: HostMove, move: Move, options: StrategySpec): readonly Draft[] {
  const { host, before, after, fresh, gone, lapsed } = here
  const stay = without(before, gone)
  const drainMs = optionMs(options, 'drain')
  const ending =
    gone.length === 0
      ? []
      : [
          route(move, host, evenly(before), evenly(stay), drainMs),
          ...drain(move, host, gone, drainMs),
          ...stop(host, gone),
        ]
  return [
    ...ending,
    ...start(host, fresh),
    ...check(move, host, fresh, optionMs(options, 'healthyDeadline')),
    ...(after.length === 0
      ? []
      : [route(move, host, evenly(gone.length === 0 ? before : stay), evenly(after), drainMs)]),
    ...watch(move, host, fresh, optionMs(options, 'monitor')),
    ...stop(host, lapsed),
  ]
}
