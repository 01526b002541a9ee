/** Options that several strategies have, with their schemas and what they mean where they are not written. */
import { durationMs, durationPattern } from '../../base/duration.js'
import type { Json } from '../../base/hash.js'
import type { JsonSchema } from '../../model/schema.js'
import type { StrategySpec } from '../../model/spec.js'

const strategyDefaults = {
  drain: '30s',
  keepWarm: '0s',
  monitor: '5s',
  minHealthyTime: '0s',
  wait: '0s',
  maxSurge: 1,
  maxUnavailable: 0,
} as const

/** Without a default: what is not written is not there. */
type OpenOption = 'healthyDeadline' | 'progressDeadline'
type DurationOption = keyof Pick<
  typeof strategyDefaults,
  'wait' | 'drain' | 'keepWarm' | 'monitor' | 'minHealthyTime'
>

/** In milliseconds; null where nothing is written and there is no default. */
export function optionMs(options: StrategySpec, name: DurationOption): number
export function optionMs(options: StrategySpec, name: OpenOption): number | null
export function optionMs(options: StrategySpec, name: DurationOption | OpenOption): number | null {
  const written = options[name]
  if (typeof written === 'string') return durationMs(written)
  return name in strategyDefaults ? durationMs(strategyDefaults[name as DurationOption]) : null // as just seen
}

/** How many of `hosts` an option means, rounded down: at least one unless it is 0. */
export function hostsOf(options: StrategySpec, name: 'batch' | 'maxFailures', hosts: number): number {
  return amountOf(options[name] ?? (name === 'batch' ? 1 : 0), hosts)
}

export function unreachableOf(options: StrategySpec): 'skip' | 'fail' {
  return options['unreachable'] === 'skip' ? 'skip' : 'fail'
}

/** A count, or a part of the copies: at least one unless it is 0. */
export function countOf(options: StrategySpec, name: 'maxSurge' | 'maxUnavailable', copies: number): number {
  return amountOf(options[name] ?? strategyDefaults[name], copies)
}

function amountOf(written: Json, all: number): number {
  if (typeof written === 'number') return written
  const percent = typeof written === 'string' ? Number.parseInt(written, 10) : 0
  return percent === 0 ? 0 : Math.max(1, Math.floor((all * percent) / 100))
}

const duration = (description: string, examples: readonly string[], fallback?: string): JsonSchema => ({
  type: 'string',
  pattern: durationPattern,
  ...(fallback === undefined ? {} : { default: fallback }),
  description,
  examples: [...examples],
})

const amount = (description: string, fallback: number): JsonSchema => ({
  anyOf: [
    { type: 'integer', minimum: 0 },
    { type: 'string', pattern: '^(100|[1-9]?[0-9])%$' },
  ],
  default: fallback,
  description,
  examples: [1, '25%'],
})

/** How hosts follow one another; every strategy has these. They mean nothing for a service on this machine. */
export const hostOptionSchemas = {
  batch: {
    ...amount('How many hosts change at the same time: a number, or a percentage of all.', 1),
    anyOf: [
      { type: 'integer', minimum: 1 },
      { type: 'string', pattern: '^(100|[1-9][0-9]?)%$' },
    ],
    examples: [5, '25%'],
  },
  wait: duration(
    'How long to wait after each batch of hosts but the last; then their checks have to be passed once more.',
    ['5m'],
    '0s',
  ),
  canary: {
    anyOf: [
      { type: 'integer', minimum: 1 },
      { type: 'string', pattern: '^[A-Za-z][A-Za-z0-9_.-]*=.+$' },
    ],
    description:
      'The hosts that change before all others, in a batch of their own: how many, or those with a label. When one of them fails, everything is unwound.',
    examples: [1, 'canary=yes'],
  },
  maxFailures: {
    anyOf: [
      { type: 'integer', minimum: 0 },
      { type: 'string', pattern: '^(100|[1-9]?[0-9])%$' },
    ],
    default: 0,
    description:
      'How many hosts may fail: each of them is unwound alone and left with its old release, and the next apply tries it again. One more unwinds everything. A number, or a percentage of all hosts.',
    examples: [1, '10%'],
  },
  unreachable: {
    enum: ['fail', 'skip'],
    default: 'fail',
    description:
      'What becomes of a deployment when a host does not answer: it is not begun, or the host is left out and brought up to date by the next apply that reaches it.',
    examples: ['skip'],
  },
} as const satisfies { readonly [name: string]: JsonSchema }

export const optionSchemas = {
  drain: duration(
    'How long instances that lost their traffic may take to finish what they are doing, before they are stopped.',
    ['30s', '2m'],
    strategyDefaults.drain,
  ),
  keepWarm: duration(
    'How long the old instances stay up without traffic, so that a rollback is one switch. The first plan after that stops them.',
    ['45m'],
    strategyDefaults.keepWarm,
  ),
  monitor: duration(
    'How long the new instances are watched after the switch: one that ends, is started again and again or fails its checks unwinds the deployment.',
    ['30s'],
    strategyDefaults.monitor,
  ),
  minHealthyTime: duration(
    'How long new instances must stay healthy before they get traffic.',
    ['10s'],
    strategyDefaults.minHealthyTime,
  ),
  healthyDeadline: duration(
    'Time in which new instances must become healthy. Without it, the deadline of each health check.',
    ['5m'],
  ),
  progressDeadline: duration(
    'Time in which the next instances must get traffic, from the moment they begin to start. It begins anew with each batch; when it is over the deployment is undone.',
    ['10m'],
  ),
  maxSurge: amount('How many instances more than `replicas` may run meanwhile: a number or a percentage.', 1),
  maxUnavailable: amount(
    'How many instances fewer than `replicas` may serve meanwhile: a number or a percentage.',
    0,
  ),
} as const satisfies { readonly [name: string]: JsonSchema }
