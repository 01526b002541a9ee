/** Options that several strategies have, with their schemas and what they mean where they are not written. */
import { durationMs, durationPattern } from '../../base/duration.js'
import type { JsonSchema } from '../../model/schema.js'
import type { StrategySpec } from '../../model/spec.js'

const strategyDefaults = {
  drain: '30s',
  keepWarm: '0s',
  monitor: '5s',
  minHealthyTime: '0s',
  maxSurge: 1,
  maxUnavailable: 0,
} as const

/** Without a default: what is not written is not there. */
type OpenOption = 'healthyDeadline' | 'progressDeadline'
type DurationOption = keyof Pick<typeof strategyDefaults, 'drain' | 'keepWarm' | 'monitor' | 'minHealthyTime'>

/** In milliseconds; null where nothing is written and there is no default. */
export function optionMs(options: StrategySpec, name: DurationOption): number
export function optionMs(options: StrategySpec, name: OpenOption): number | null
export function optionMs(options: StrategySpec, name: DurationOption | OpenOption): number | null {
  const written = options[name]
  if (typeof written === 'string') return durationMs(written)
  return name in strategyDefaults ? durationMs(strategyDefaults[name as DurationOption]) : null // as just seen
}

/** A count, or a part of the copies: at least one unless it is 0. */
export function countOf(options: StrategySpec, name: 'maxSurge' | 'maxUnavailable', copies: number): number {
  const written = options[name] ?? strategyDefaults[name]
  if (typeof written === 'number') return written
  const percent = typeof written === 'string' ? Number.parseInt(written, 10) : 0
  return percent === 0 ? 0 : Math.max(1, Math.floor((copies * percent) / 100))
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
