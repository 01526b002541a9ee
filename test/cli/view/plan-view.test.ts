import { describe, expect, test } from 'vitest'
import { noPaint } from '../../../src/cli/view/paint.js'
import { hasChanges, planText } from '../../../src/cli/view/plan-view.js'
import { textWidth } from '../../../src/cli/view/text-width.js'
import type { Plan } from '../../../src/model/plan.js'
import { hookDown, plan, upgrade, type PlanSketch } from '../support/plans.js'

const style = { paint: noPaint, width: 80 }
const golden = (name: string): string => `../../golden/plan/${name}.txt`

const sketches: { readonly [name: string]: () => Plan } = {
  upgrade,
  'nothing-to-do': () => plan({ services: [{ service: 'web', from: '1.0.0', to: '1.0.0', kind: 'none' }] }),
  'first-deployment': () =>
    plan({ services: [{ service: 'web', to: '1.0.0', reasons: ['it is new here'] }] }),
  removal: () =>
    plan({ services: [{ service: 'web', from: '1.0.0', reasons: ['it is no longer in deploy.yaml'] }] }),
  replace: () =>
    plan({
      services: [
        {
          service: 'web',
          from: '1.0.0',
          to: '1.0.0',
          kind: 'replace',
          before: { path: '/srv/old' },
          after: { path: '/srv/new' },
          reasons: ['path changed in deploy.yaml'],
        },
      ],
    }),
  rollback: () =>
    plan({
      command: 'rollback',
      services: [{ service: 'web', from: '1.0.2', to: '1.0.1', reasons: ['you asked for v1.0.1'] }],
    }),
  'drift-and-notices': () =>
    plan({
      services: [
        { service: 'web', from: '1.0.1', to: '1.0.1', reasons: ['what is there is not what is recorded'] },
        { service: 'api', from: '1.0.0', to: '1.0.0', kind: 'none' },
      ],
      drift: [
        {
          service: 'web',
          host: 'local',
          kind: 'linkMoved',
          message: 'current points to releases/1.0.2-0a1b2c3d, recorded is releases/1.0.1-9f2c41ab',
          evidence: ['moved 2026-03-01T11:00:00Z'],
        },
      ],
      notices: [
        {
          service: 'api',
          message: 'v1.0.3 is held because its check "ready" failed on 1 March, so it was passed over',
          hint: 'deployctl apply --service api tries it again',
        },
        { service: null, message: 'no secrets are used' },
      ],
    }),
  irreversible: () =>
    plan({
      services: [
        { service: 'web', from: '1.0.0', to: '2.0.0', hosts: ['app1.example.com', 'app2.example.com'] },
      ],
      hook: {
        service: 'web',
        revert: { irreversible: 'a mail goes to every customer of the shop and cannot be taken back' },
        risks: [
          {
            kind: 'irreversible',
            message: 'a mail goes to every customer of the shop and cannot be taken back',
          },
          { kind: 'unprovenRollback', message: 'going back to v1.0.0 was never tried' },
        ],
      },
    }),
  'text-diff': () =>
    plan({
      services: [
        {
          service: 'web',
          from: '1.0.0',
          to: '1.0.0',
          before: { motd: 'Welcome.\nOpen from 9 to 17.\nBye.\n', limit: 1 },
          after: { motd: 'Welcome.\nOpen from 8 to 18.\nBye.\n', limit: 2, extra: { a: [1, 2] } },
        },
      ],
    }),
}

describe('a plan at 80 columns, without colour', () => {
  for (const [name, sketch] of Object.entries(sketches)) {
    test(name, async () => {
      const text = await planText(sketch(), style)
      await expect(`${text}\n`).toMatchFileSnapshot(golden(name))
      for (const line of text.split('\n')) expect(textWidth(line)).toBeLessThanOrEqual(80)
    })
  }
})

test('a thousand services: those with nothing to do are one line, every step is shown', async () => {
  const services: PlanSketch['services'] = Array.from({ length: 1000 }, (_, index) => ({
    service: `service-${String(index).padStart(4, '0')}`,
    from: '1.0.0',
    to: index < 3 ? '1.0.1' : '1.0.0',
    ...(index < 3 ? {} : { kind: 'none' as const }),
  }))
  const text = await planText(plan({ services }), style)
  await expect(`${text}\n`).toMatchFileSnapshot(golden('thousand-services'))
})

test('a plan is the same text every time', async () => {
  expect(await planText(upgrade(), style)).toBe(await planText(upgrade(), style))
})

test('narrow and wide terminals keep their width', async () => {
  for (const width of [60, 120]) {
    for (const sketch of Object.values(sketches)) {
      const text = await planText(sketch(), { paint: noPaint, width })
      for (const line of text.split('\n')) expect(textWidth(line)).toBeLessThanOrEqual(width)
    }
  }
})

test('pending changes are told from none', () => {
  expect(hasChanges(upgrade())).toBe(true)
  expect(hasChanges(plan({ services: [{ service: 'web', from: '1.0.0', to: '1.0.0', kind: 'none' }] }))).toBe(
    false,
  )
})

test('a revert that is a hook shows the command', async () => {
  const text = await planText(
    plan({ services: [{ service: 'web', to: '1' }], hook: { service: 'web', revert: hookDown() } }),
    style,
  )
  expect(text).toContain('bin/migrate down')
})
