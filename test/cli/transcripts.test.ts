/** Whole transcripts of deployments: what a person, a log and a program see, by how it ended. */
import { describe, expect, test } from 'vitest'
import type { DeploymentEvent } from '../../src/model/event.js'
import type { Outcome } from '../../src/model/outcome.js'
import type { Plan } from '../../src/model/plan.js'
import type { ErrorReport } from '../../src/base/deploy-error.js'
import { cli, deploys, story, type Happening } from './support/cli.js'
import { checkFailure, outcome, plan, upgrade } from './support/plans.js'

const web = (): Plan =>
  plan({
    services: [{ service: 'web', from: '1.0.0', to: '1.0.1', reasons: ['a newer release matches ^1.0'] }],
  })
const [stage, route, check] = [1, 2, 3] as const
const ok = (step: number): readonly Happening[] => [
  [step, 'apply-started'],
  [step, 'apply-succeeded'],
]
const undone = (step: number): readonly Happening[] => [
  [step, 'revert-started'],
  [step, 'revert-succeeded'],
]
const checkFails: readonly Happening[] = [
  ...ok(stage),
  ...ok(route),
  [check, 'apply-started'],
  {
    type: 'step-progress',
    step: 'web/3',
    progress: { done: 7, total: null, unit: 'tries', label: 'GET /health: 500' },
  },
  [check, 'apply-failed', 'the check "ready" failed'],
  {
    type: 'unwind-started',
    services: ['web'],
    failedStep: 'web/3',
    cause: { code: 'CHECK_FAILED', message: 'the check "ready" failed' },
  },
]

interface Scene {
  readonly plan: Plan
  readonly outcome: Outcome
  readonly events: readonly DeploymentEvent[]
  readonly unrecorded?: ErrorReport
  readonly argv?: readonly string[]
  readonly exit: number
}

const scenes: { readonly [name: string]: () => Scene } = {
  applied: () => ({
    plan: web(),
    outcome: outcome({ services: { web: 'applied' } }),
    events: story(web(), [
      [stage, 'apply-started'],
      ...[20, 60, 84].map((done): Happening => ({
        type: 'step-progress',
        step: 'web/1',
        progress: { done: done * 1e6, total: 84e6, unit: 'bytes', label: 'downloading' },
      })),
      [stage, 'apply-succeeded'],
      ...ok(route),
      ...ok(check),
    ]),
    exit: 0,
  }),
  unwound: () => ({
    plan: web(),
    outcome: outcome({
      kind: 'unwound',
      services: { web: 'unwound' },
      failures: [checkFailure('web/3')],
      unwindMs: 1800,
    }),
    events: story(web(), [...checkFails, ...undone(check), ...undone(route), ...undone(stage)]),
    exit: 5,
  }),
  'unwound-several': () => ({
    plan: upgrade(),
    outcome: outcome({
      kind: 'unwound',
      services: { web: 'unwound', docs: 'unwound' },
      failures: [
        checkFailure('web/4'),
        { step: 'docs/6', service: 'docs', error: { code: 'CANCELLED', message: 'cancelled' } },
        {
          step: 'docs/8',
          service: 'docs',
          error: { code: 'ARTIFACT_CORRUPT', message: 'docs-1.0.1.tar.gz does not have its digest' },
        },
      ],
      warnings: [
        {
          step: 'web/5',
          service: 'web',
          error: { code: 'PERMISSION_DENIED', message: 'releases/0.9.0 cannot be removed' },
        },
      ],
      unwindMs: 1800,
    }),
    events: [],
    exit: 5,
  }),
  'unwound-with-leftovers': () => ({
    plan: web(),
    outcome: outcome({
      kind: 'unwound',
      services: { web: 'unwound' },
      failures: [checkFailure('web/3')],
      leftovers: [{ step: 'hook mail: bin/mail', reason: 'mails cannot be taken back' }],
      unwindMs: 300,
    }),
    events: story(web(), checkFails),
    exit: 6,
  }),
  'unwound-unhealthy': () => ({
    plan: web(),
    outcome: outcome({
      kind: 'unwound',
      services: { web: 'unwound' },
      failures: [checkFailure('web/3')],
      unhealthy: [
        {
          step: null,
          service: 'web',
          error: {
            code: 'CHECK_FAILED',
            message: 'the check "ready" failed',
            details: ['connection refused'],
          },
        },
      ],
      unwindMs: 300,
    }),
    events: [],
    exit: 6,
  }),
  stuck: () => ({
    plan: web(),
    outcome: outcome({
      kind: 'stuck',
      services: { web: 'stuck' },
      failures: [checkFailure('web/3')],
      stuck: [
        {
          step: 'web/2',
          service: 'web',
          error: {
            code: 'PERMISSION_DENIED',
            message: '/srv/web is not writable',
            details: ['EACCES: rename'],
            hint: 'give it back to deploy',
          },
        },
      ],
    }),
    events: story(web(), [
      ...checkFails,
      [route, 'revert-started'],
      [route, 'revert-failed', '/srv/web is not writable'],
    ]),
    exit: 6,
  }),
  unrecorded: () => ({
    plan: web(),
    outcome: outcome({ services: { web: 'applied' } }),
    events: [],
    unrecorded: { code: 'DISK_FULL', message: 'no room in .deployctl/state', hint: 'make room' },
    exit: 6,
  }),
  interrupted: () => ({
    plan: web(),
    outcome: outcome({
      kind: 'unwound',
      services: { web: 'unwound' },
      failures: [
        { step: null, service: null, error: { code: 'CANCELLED', message: 'interrupted by SIGINT' } },
      ],
      unwindMs: 200,
    }),
    events: story(web(), [
      [stage, 'apply-started'],
      [stage, 'apply-failed', 'interrupted by SIGINT', 'CANCELLED'],
      ...undone(stage),
    ]),
    exit: 5,
  }),
  'failed-first-deployment-for-production': () => {
    const first = plan({ services: [{ service: 'web', to: '1.0.0', reasons: ['it is new here'] }] })
    return {
      plan: first,
      outcome: outcome({
        kind: 'unwound',
        services: { web: 'unwound' },
        failures: [checkFailure('web/3')],
        unwindMs: 90,
      }),
      events: [],
      argv: ['--env', 'production'],
      exit: 5,
    }
  },
}

const run = (scene: Scene, argv: readonly string[]) =>
  cli(argv, { useCases: { deploy: deploys(scene.plan, scene.outcome, scene.events, scene.unrecorded) } })

describe('apply in a pipe', () => {
  for (const [name, make] of Object.entries(scenes)) {
    test(name, async () => {
      const scene = make()
      const { code, out, err } = await run(scene, ['apply', '--auto-approve', ...(scene.argv ?? [])])
      await expect(`${out}\n--- standard error\n${err}`).toMatchFileSnapshot(`../golden/apply/${name}.txt`)
      expect(code).toBe(scene.exit)
    })
    test(`${name}, --quiet: only the end`, async () => {
      const scene = make()
      const { out, err } = await run(scene, ['apply', '-y', '--quiet'])
      expect(`${out}${err}`).not.toContain('if anything fails')
      expect(`${out}${err}`).not.toContain('[web]')
      expect(`${out}${err}`).toMatch(/deployctl (show|recover)/)
    })
    test(`${name}, --json: lines with type and time, the version first, the result last`, async () => {
      const scene = make()
      const { code, err, records } = await run(scene, ['apply', '-y', '--json'])
      expect(err).toBe('')
      const lines = records()
      expect(lines[0]).toMatchObject({ type: 'version', format: 1, deployctl: '0.1.0' })
      expect(lines[1]).toMatchObject({ type: 'plan' })
      expect(lines.at(-1)).toMatchObject({ type: 'result', exitCode: code, kind: 'done' })
      for (const line of lines) expect(line['@timestamp']).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
    })
  }
})

test('a rollback says what it pinned and held', async () => {
  const rollback = plan({
    command: 'rollback',
    services: [
      { service: 'web', from: '1.0.2', to: '1.0.1', reasons: ['a rollback to v1.0.1 was asked for'] },
    ],
    outcome: {
      web: {
        active: [],
        deployed: true,
        previous: [],
        keepWarmMs: 0,
        holds: [{ version: '1.0.2', digest: 'sha256:0', cause: 'rolledBack', reason: 'rolled back' }],
        pin: { version: '1.0.1', digest: 'sha256:1', reason: 'rolled back' },
      },
    },
  })
  const { out, err, code } = await cli(['rollback', '--to', 'v1.0.1', '-y'], {
    useCases: { rollBack: deploys(rollback, outcome({ services: { web: 'applied' } }), []) },
  })
  await expect(`${out}\n--- standard error\n${err}`).toMatchFileSnapshot('../golden/apply/rollback.txt')
  expect(code).toBe(0)
})

describe('the question', () => {
  const ask = (typed: string) =>
    cli(['apply'], {
      typed,
      useCases: { deploy: deploys(web(), outcome({ services: { web: 'applied' } }), []) },
    })

  test('yes is a yes', async () => {
    const { code, out } = await ask('yes\n')
    expect(code).toBe(0)
    expect(out).toContain('✓ Applied')
  })
  for (const [name, typed] of [
    ['y', 'y\n'],
    ['Yes', 'Yes\n'],
    ['nothing', '\n'],
    ['Ctrl-C', '\u0003'],
    ['Ctrl-D', '\u0004'],
  ] as const) {
    test(`${name} is not`, async () => {
      const { code, err } = await ask(typed)
      expect(code).toBe(7)
      expect(err).toContain('Declined; nothing was changed.')
    })
  }
  test('without a terminal it is refused, and says how', async () => {
    const { code, err, out } = await cli(['apply'], { useCases: { deploy: deploys(web(), outcome({}), []) } })
    expect(code).toBe(7)
    expect(out).toContain('if anything fails')
    expect(err).toContain('--auto-approve')
  })
})

test('secrets are masked on every way out', async () => {
  const leak = 'hunter2'
  const failed = outcome({
    kind: 'unwound',
    services: { web: 'unwound' },
    failures: [
      {
        step: 'web/2',
        service: 'web',
        error: { code: 'COMMAND_FAILED', message: `password ${leak} refused`, details: [leak] },
      },
    ],
  })
  for (const flags of [[], ['--json'], ['--quiet']]) {
    const { out, err } = await cli(['apply', '-y', ...flags], {
      useCases: {
        deploy: deploys(
          web(),
          failed,
          story(web(), [
            [2, 'apply-started'],
            [2, 'apply-failed', `password ${leak} refused`],
          ]),
        ),
      },
      mask: (text) => text.replaceAll(leak, '***'),
    })
    expect(out + err).not.toContain(leak)
    expect(out + err).toContain('***')
  }
})

test('control characters of others never reach a terminal', async () => {
  const failed = outcome({
    kind: 'unwound',
    services: { web: 'unwound' },
    failures: [
      {
        step: 'web/2',
        service: 'web',
        error: { code: 'COMMAND_FAILED', message: 'bad \u001B[2J\u001B]0;title\u0007\r\bthing' },
      },
    ],
  })
  for (const env of [{}, { FORCE_COLOR: '1' }]) {
    const { out, err } = await cli(['apply', '-y'], { useCases: { deploy: deploys(web(), failed, []) }, env })
    expect(err).toContain('bad thing')
    expect((out + err).replaceAll(/\u001B\[[0-9;]*m/g, '')).not.toMatch(/[\u0000-\u0009\u000B-\u001F\u007F]/)
  }
})
