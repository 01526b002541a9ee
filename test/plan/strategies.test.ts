/**
 * What each strategy promises of those who serve, for any number of copies: played out step by step, forwards, and back from
 * every step. A copy serves when it runs and has traffic.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { instanceId, type Instance } from '../../src/model/instance.js'
import { isOperation, type Operation, type Share } from '../../src/model/operation.js'
import { strategies } from '../../src/plan/strategies/catalog.js'
import { hostMove } from '../../src/plan/strategies/drafts.js'
import type { Draft, Move } from '../../src/plan/strategies/strategy.js'
import { release } from '../cli/support/plans.js'

const verbs: Move['verbs'] = new Set(['stage', 'start', 'stop', 'route', 'drain', 'check', 'watch'])

function copies(version: string, count: number): readonly Instance[] {
  return Array.from({ length: count }, (_, index) => ({
    service: 'web',
    host: 'local',
    name: version,
    slot: index + 1,
    release: release('web', version),
    specDigest: version,
  }))
}

function planned(
  type: string,
  options: object,
  before: readonly Instance[],
  after: readonly Instance[],
  isRollback = false,
) {
  const move: Move = { verbs, hasChecks: () => true, isRollback }
  return strategies[type]!.plan(hostMove('local', before, after, []), move, { type, ...options })
}

interface Scene {
  readonly running: ReadonlySet<string>
  readonly traffic: ReadonlyMap<string, number>
  /** What has had traffic since it was last drained. */
  readonly busy: ReadonlySet<string>
  /** What was stopped while it was busy. */
  readonly cut: readonly string[]
}

function after(scene: Scene, operation: Operation): Scene {
  if (operation.verb === 'start')
    return { ...scene, running: new Set([...scene.running, ...operation.instances]) }
  if (operation.verb === 'stop') {
    const { instances } = operation
    const running = new Set([...scene.running].filter((id) => !instances.includes(id)))
    return { ...scene, running, cut: [...scene.cut, ...instances.filter((id) => scene.busy.has(id))] }
  }
  if (operation.verb === 'route') {
    const traffic = new Map(operation.to.map(({ instance, weight }: Share) => [instance, weight]))
    const busy = new Set([...scene.busy, ...traffic.keys()])
    if (operation.drainMs === undefined) return { ...scene, traffic, busy }
    return { ...scene, traffic, busy: new Set([...busy].filter((id) => traffic.has(id))) }
  }
  if (operation.verb === 'drain') {
    return { ...scene, busy: new Set([...scene.busy].filter((id) => !operation.instances.includes(id))) }
  }
  return scene
}

const sceneOf = (instances: readonly Instance[]): Scene => ({
  running: new Set(instances.map(instanceId)),
  traffic: new Map(instances.map((instance) => [instanceId(instance), 1])),
  busy: new Set(instances.map(instanceId)),
  cut: [],
})

/** Every scene on the way, the first one included. */
function scenes(drafts: readonly Draft[], before: readonly Instance[]): readonly Scene[] {
  const all = [sceneOf(before)]
  for (const { apply } of drafts) all.push(after(all.at(-1)!, apply))
  return all
}

const serving = ({ running, traffic }: Scene) => [...traffic.keys()].filter((id) => running.has(id))
const lost = ({ running, traffic }: Scene) => [...traffic.keys()].filter((id) => !running.has(id))

const amount = fc.oneof(
  fc.integer({ min: 0, max: 6 }),
  fc.integer({ min: 0, max: 100 }).map((percent) => `${percent}%`),
)
const count = (of: number | string, copies_: number) =>
  typeof of === 'number'
    ? of
    : of === '0%'
      ? 0
      : Math.max(1, Math.floor((copies_ * Number.parseInt(of, 10)) / 100))
const isZero = (of: number | string) => of === 0 || of === '0%'
const sizes = fc.record({ from: fc.integer({ min: 1, max: 8 }), to: fc.integer({ min: 1, max: 8 }) })

const optionsOf: { readonly [type: string]: object } = {
  rolling: {},
  'blue-green': { keepWarm: '0s' },
  canary: { steps: [{ weight: 5 }, { pause: '1m' }, { approval: true }, { weight: 50 }] },
  recreate: {},
}

describe.each(Object.keys(strategies))('%s', (type) => {
  test('ends with exactly the new copies, each with the same part; and sends nothing to what does not run', () => {
    fc.assert(
      fc.property(sizes, fc.boolean(), ({ from, to }, isRollback) => {
        const [old, fresh] = [copies('1.0.0', from), copies('1.1.0', to)]
        const all = scenes(planned(type, optionsOf[type]!, old, fresh, isRollback), old)
        expect(all.flatMap(lost)).toEqual([])
        const end = all.at(-1)!
        expect(end.cut).toEqual([])
        expect([...end.running].sort()).toEqual(fresh.map(instanceId).sort())
        expect([...end.traffic]).toEqual(fresh.map((instance) => [instanceId(instance), 1]))
      }),
    )
  })

  test('undone from any step, newest first, the old copies serve as before, never nothing that runs, and nothing busy is cut', () => {
    fc.assert(
      fc.property(sizes, fc.nat(), ({ from, to }, at) => {
        const old = copies('1.0.0', from)
        const drafts = planned(type, optionsOf[type]!, old, copies('1.1.0', to))
        const begun = drafts.slice(0, (at % drafts.length) + 1)
        let scene = scenes(begun, old).at(-1)!
        for (const { revert } of begun.toReversed()) {
          if (isOperation(revert)) scene = after(scene, revert)
          expect(lost(scene)).toEqual([])
        }
        expect(scene.cut).toEqual([])
        expect([...scene.running].sort()).toEqual(old.map(instanceId).sort())
        expect([...scene.traffic.keys()].sort()).toEqual(old.map(instanceId).sort())
      }),
    )
  })
})

test('rolling: never more than maxSurge above, nor more than maxUnavailable below what is wanted', () => {
  fc.assert(
    fc.property(sizes, amount, amount, ({ to }, maxSurge, maxUnavailable) => {
      fc.pre(!isZero(maxSurge) || !isZero(maxUnavailable))
      const old = copies('1.0.0', to)
      const drafts = planned('rolling', { maxSurge, maxUnavailable }, old, copies('1.1.0', to))
      const [surge, unavailable] = [count(maxSurge, to), count(maxUnavailable, to)]
      for (const scene of scenes(drafts, old)) {
        expect(scene.running.size).toBeLessThanOrEqual(to + surge)
        expect(serving(scene).length).toBeGreaterThanOrEqual(to - unavailable)
      }
    }),
  )
})

test('rolling: each batch has its own progressDeadline, from its start to its switch', () => {
  const [old, fresh] = [copies('1.0.0', 3), copies('1.1.0', 3)]
  const drafts = planned('rolling', { progressDeadline: '10m' }, old, fresh)
  const bounded = drafts.filter(({ progress }) => progress !== undefined)
  expect(bounded.map(({ apply, progress }) => [apply.verb, progress?.begins])).toEqual(
    Array.from({ length: 3 }, () => [
      ['start', true],
      ['check', false],
      ['route', false],
    ]).flat(),
  )
})

test('canary: all new copies together get exactly the weight of the step, and each of them the same', () => {
  fc.assert(
    fc.property(sizes, fc.integer({ min: 1, max: 99 }), ({ from, to }, weight) => {
      const [old, fresh] = [copies('1.0.0', from), copies('1.1.0', to)]
      const drafts = planned('canary', { steps: [{ weight }] }, old, fresh)
      const [small] = drafts.flatMap(({ apply }) => (apply.verb === 'route' ? [apply.to] : []))
      const total = small!.reduce((sum, share) => sum + share.weight, 0)
      const ours = small!.filter(({ instance }) => fresh.map(instanceId).includes(instance))
      expect(ours).toHaveLength(to)
      expect(new Set(ours.map((share) => share.weight)).size).toBe(1)
      expect(ours.reduce((sum, share) => sum + share.weight, 0) / total).toBeCloseTo(weight / 100, 10)
    }),
  )
})

test('canary: a first deployment and a rollback take no steps and wait for nobody', () => {
  const fresh = copies('1.1.0', 2)
  const first = planned('canary', optionsOf['canary']!, [], fresh)
  const back = planned('canary', optionsOf['canary']!, copies('1.2.0', 2), fresh, true)
  for (const drafts of [first, back]) {
    expect(drafts.filter(({ apply }) => apply.verb === 'route')).toHaveLength(1)
    expect(drafts.filter(({ apply }) => apply.verb === 'pause')).toEqual([])
  }
})

test('blue-green and canary with keepWarm leave the old copies up; a rollback leaves nothing up', () => {
  for (const type of ['blue-green', 'canary']) {
    const [old, fresh] = [copies('1.0.0', 2), copies('1.1.0', 3)]
    const options = { ...optionsOf[type], keepWarm: '45m' }
    expect(scenes(planned(type, options, old, fresh), old).at(-1)!.running.size).toBe(5)
    expect(scenes(planned(type, options, old, fresh, true), old).at(-1)!.running.size).toBe(3)
  }
})

test('recreate: the old copies are gone before the first new one starts', () => {
  const old = copies('1.0.0', 3)
  const drafts = planned('recreate', {}, old, copies('1.1.0', 2))
  const steps = drafts.map(({ apply }) => apply.verb)
  expect(steps.indexOf('stop')).toBeLessThan(steps.indexOf('start'))
})
