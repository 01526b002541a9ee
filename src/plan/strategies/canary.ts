/** A small part of the traffic first, then more, each part watched for a while; all of it at the end. Pure. */
import { instanceId, type Instance } from '../../model/instance.js'
import type { Share } from '../../model/operation.js'
import { durationMs, durationPattern } from '../../base/duration.js'
import type { Json } from '../../base/hash.js'
import { bringUp, takeDown } from './blue-green.js'
import { evenly, pause, route, watch } from './drafts.js'
import { hostOptionSchemas, optionMs, optionSchemas } from './options.js'
import type { StrategySpec } from '../../model/spec.js'
import type { Draft, HostMove, Move, StrategyTraits } from './strategy.js'

/** A canary that waits keeps every other deployment of the environment waiting. */
const approvalDeadline = '1h'

export const canary: StrategyTraits = {
  verbs: ['stage', 'route', 'start', 'stop'],
  weights: true,
  plan: (here, move, options) => [
    ...bringUp(here, move, options),
    ...partsOf(here, move, options),
    ...takeDown(here, move, options),
  ],
  schema: {
    type: 'object',
    description:
      'The new instances get a part of the traffic, step by step, and are watched; a failure gives all of it back to the old ones.',
    properties: {
      type: { const: 'canary', description: 'The kind of strategy.', examples: ['canary'] },
      steps: {
        type: 'array',
        minItems: 1,
        description: 'What happens before the new instances get all traffic, in this order.',
        examples: [[{ weight: 5 }, { pause: '10m' }, { approval: true, deadline: '4h' }, { weight: 50 }]],
        items: {
          type: 'object',
          description: 'One of weight, pause and approval.',
          properties: {
            weight: {
              type: 'integer',
              minimum: 1,
              maximum: 99,
              description: 'Percent of the traffic for all new instances together, more than before.',
              examples: [5],
            },
            pause: {
              type: 'string',
              pattern: durationPattern,
              description: 'Waits so long, and watches the new instances meanwhile.',
              examples: ['10m'],
            },
            approval: {
              const: true,
              description:
                'Waits for `deployctl approve`, and watches the new instances meanwhile; `deployctl abort` gives all traffic back.',
              examples: [true],
            },
            deadline: {
              type: 'string',
              pattern: durationPattern,
              default: approvalDeadline,
              description: 'How long an approval may take. Unapproved by then, the deployment is undone.',
              examples: ['4h'],
            },
          },
          oneOf: [{ required: ['weight'] }, { required: ['pause'] }, { required: ['approval'] }],
          dependencies: { deadline: ['approval'] },
          additionalProperties: false,
        },
      },
      minHealthyTime: optionSchemas.minHealthyTime,
      healthyDeadline: optionSchemas.healthyDeadline,
      drain: optionSchemas.drain,
      keepWarm: optionSchemas.keepWarm,
      monitor: optionSchemas.monitor,
      ...hostOptionSchemas,
    },
    required: ['type', 'steps'],
    additionalProperties: false,
  },
}

/** A first deployment and a rollback have nothing to compare with, and go all the way at once. */
function partsOf(here: HostMove, move: Move, options: StrategySpec): readonly Draft[] {
  const { host, before, after, gone, fresh } = here
  const all = evenly(after)
  const drainMs = optionMs(options, 'drain')
  if (move.isRollback || gone.length === 0 || fresh.length === 0)
    return [route(move, host, evenly(before), all, drainMs)]
  const drafts: Draft[] = []
  let shares = evenly(before)
  // The schema admits a list and nothing else.
  for (const step of (options['steps'] ?? []) as readonly Json[]) {
    const { weight, watchMs, approvalMs } = readStep(step)
    if (weight !== null) {
      const parts = [...partOf(before, 100 - weight), ...partOf(after, weight)]
      drafts.push(route(move, host, shares, parts, drainMs))
      shares = parts
    }
    if (watchMs !== null) drafts.push(...watch(move, host, fresh, watchMs))
    if (approvalMs !== null) drafts.push(pause(host, fresh, approvalMs))
  }
  return [...drafts, route(move, host, shares, all, drainMs)]
}

/** A part of the traffic, shared evenly among some instances. */
function partOf(instances: readonly Instance[], percent: number): readonly Share[] {
  return instances.map((instance) => ({
    instance: instanceId(instance),
    weight: percent / instances.length,
  }))
}

interface CanaryStep {
  readonly weight: number | null
  readonly watchMs: number | null
  readonly approvalMs: number | null
}

function readStep(step: Json): CanaryStep {
  const none = { weight: null, watchMs: null, approvalMs: null }
  if (step === null || typeof step !== 'object' || Array.isArray(step)) return none
  const { weight, pause, approval, deadline } = step as { readonly [key: string]: Json } // an object, as just seen
  if (typeof weight === 'number') return { ...none, weight }
  if (typeof pause === 'string') return { ...none, watchMs: durationMs(pause) }
  if (approval !== true) return none
  return { ...none, approvalMs: durationMs(typeof deadline === 'string' ? deadline : approvalDeadline) }
}
