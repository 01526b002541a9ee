/** What a strategy asks of its target and of its own options: refused by `validate`, with its place. */
import { describe, expect, test } from 'vitest'
import { problemsIn } from './support/load-text.js'

const router = 'router: { type: haproxy, listen: 8080 }'
const file = (strategy: string, options = router) => `version: 1
project: shop
sources:
  web: { type: oci, image: registry.example.com/web }
services:
  web:
    source: web
    target: { type: container, port: 8080, ${options} }
    strategy: ${strategy}
`
const problems = (strategy: string, options?: string) => problemsIn(file(strategy, options))

describe('what makes no sense', () => {
  test.each([
    ['{ type: rolling, maxSurge: 0 }', 'maxSurge and maxUnavailable are both 0'],
    ['{ type: rolling, maxSurge: 0%, maxUnavailable: 0 }', 'maxSurge and maxUnavailable are both 0'],
    [
      '{ type: rolling, minHealthyTime: 5m, healthyDeadline: 5m }',
      'minHealthyTime (5m) must be shorter than healthyDeadline (5m)',
    ],
    [
      '{ type: rolling, healthyDeadline: 10m, progressDeadline: 5m }',
      'healthyDeadline (10m) must be shorter than progressDeadline (5m)',
    ],
    [
      '{ type: rolling, minHealthyTime: 6m, progressDeadline: 5m }',
      'minHealthyTime (6m) must be shorter than progressDeadline (5m)',
    ],
    ['{ type: blue-green, keepWarm: 10s, drain: 30s }', 'keepWarm (10s) must be longer than drain (30s)'],
    [
      '{ type: canary, steps: [{ weight: 50 }, { pause: 1m }, { weight: 5 }] }',
      'the weight 5 must be more than the one before it (50)',
    ],
    [
      '{ type: canary, steps: [{ weight: 5 }, { approval: false }] }',
      'services.web.strategy.steps.1.approval must be true, not false',
    ],
    [
      '{ type: canary, steps: [{ weight: 5 }, { pause: 1m, deadline: 2m }] }',
      'services.web.strategy.steps.1 has deadline, which needs approval beside it',
    ],
    [
      '{ type: canary, steps: [{ weight: 5, pause: 1m }] }',
      'services.web.strategy.steps.0 has weight and pause and approval, but they exclude each other',
    ],
  ])('%s', async (strategy, message) => {
    const found = await problems(strategy)
    expect(found).toHaveLength(1)
    expect(found[0]).toContain(message)
    expect(found[0]).toMatch(/^9:/)
  })

  test('a canary behind a router that cannot divide, or without one, and anything but recreate with ports', async () => {
    expect((await problems('{ type: canary, steps: [{ weight: 5 }] }', 'replicas: 2')).join()).toContain(
      'divides the traffic, which needs target.router',
    )
    const alias = 'router: { type: alias, network: shop }'
    expect((await problems('{ type: canary, steps: [{ weight: 5 }] }', alias)).join()).toContain(
      'divides the traffic, which a router of type alias cannot',
    )
    expect(await problems('{ type: blue-green }', alias)).toEqual([])
    expect((await problems('{ type: blue-green }', 'ports: ["80:8080"]')).join()).toContain(
      'runs old and new instances side by side',
    )
  })
})

test('what makes sense is accepted', async () => {
  for (const strategy of [
    '{ type: rolling, maxSurge: 25%, maxUnavailable: 1, minHealthyTime: 10s, healthyDeadline: 5m, progressDeadline: 10m }',
    '{ type: blue-green, keepWarm: 0s, drain: 30s }',
    '{ type: canary, steps: [{ weight: 5 }, { pause: 5m }, { approval: true, deadline: 4h }, { weight: 50 }], keepWarm: 45m, drain: 1m }',
    '{ type: recreate, drain: 10s }',
  ])
    expect(await problems(strategy)).toEqual([])
})
