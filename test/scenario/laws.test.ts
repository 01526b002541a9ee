/**
 * Laws 1 to 3 of the design, exhaustively: for every scenario and strategy, a failure before and after every effect, and a
 * power cut before every durable write, ended both ways.
 */
import { describe, expect, test } from 'vitest'
import { deploy, restart, rollBack } from '../../src/app/deploy.js'
import { planApply } from '../../src/app/plan-release.js'
import { recover } from '../../src/app/recover.js'
import type { DeployResult } from '../../src/app/requests.js'
import type { World } from '../../src/app/world.js'
import type { Config } from '../../src/model/config.js'
import { emptyDisk, type MemoryDisk } from '../support/memory-store.js'
import { MemoryGround } from '../support/memory-ground.js'
import { strategies } from '../../src/plan/strategies/catalog.js'
import { policyOf } from '../support/version-policy.js'
import {
  configOf,
  groupOf,
  hook,
  memoryWorld,
  outcomeKind,
  quietExecution,
  service,
  stateView,
} from '../support/memory-world.js'

const signal = new AbortController().signal

interface Scenario {
  readonly before: Config | null
  /** A second deployment before the act, for a rollback to undo. */
  readonly between?: Config
  readonly after: Config
  readonly act: (world: World) => Promise<DeployResult>
}

const apply = (world: World) => deploy(world, { services: [] }, quietExecution(), signal)
const back = (world: World) =>
  rollBack(world, { services: ['api', 'web'], to: null }, quietExecution(), signal)

const again = (world: World) => restart(world, 'api', quietExecution(), signal)

const hooksOf = (version: string) => [
  hook('open', version, { when: 'beforeDeploy' }),
  hook('migrate', version, { when: 'beforeStart', service: 'api' }),
  hook('warm', version, { when: 'beforeSwitch', service: 'web', onFailure: 'continue' }),
  hook('announce', version, { when: 'afterSwitch', service: 'web' }),
  hook('close', version, { when: 'afterDeploy' }),
]

/** Small steps for a canary; what a strategy keeps warm is there for the next deployment to find. */
const strategyOf = (type: string) => ({
  type,
  ...(type === 'canary'
    ? { steps: [{ weight: 20 }, { pause: '10s' }, { approval: true }, { weight: 50 }] }
    : {}),
  ...(type === 'blue-green' ? { keepWarm: '45m' } : {}),
})

const policy = (version: string) => ({ policy: policyOf({ version }) })

function scenarios(type: string, targetType: string): { readonly [name: string]: Scenario } {
  const shaped = (name: string, version: string, path = name) =>
    service(name, { strategy: strategyOf(type), target: { type: targetType, path }, ...policy(version) })
  const behind = (name: string, version: string, router: string) => ({
    ...shaped(name, version),
    target: { type: targetType, path: name, router },
  })
  const pair = (version: string, onFailure: Config['onFailure'] = 'deployment') =>
    configOf([shaped('api', version), { ...shaped('web', version), dependsOn: ['api'] }], {
      hooks: hooksOf(version),
      onFailure,
    })
  return {
    'a first deployment': { before: null, after: pair('1.0.0'), act: apply },
    'an upgrade': { before: pair('1.0.0'), after: pair('1.1.0'), act: apply },
    'an upgrade, a removal, a new service and a move': {
      before: configOf([shaped('api', '1.0.0'), shaped('old', '1.0.0'), shaped('moved', '1.0.0', 'here')]),
      after: configOf([shaped('api', '1.1.0'), shaped('fresh', '1.0.0'), shaped('moved', '1.1.0', 'there')]),
      act: apply,
    },
    'another option of the target': {
      before: configOf([shaped('api', '1.0.0')]),
      after: configOf([{ ...shaped('api', '1.0.0'), target: { type: targetType, path: 'api', flag: 'on' } }]),
      act: apply,
    },
    'another router': {
      before: configOf([behind('api', '1.0.0', 'old')]),
      after: configOf([behind('api', '1.0.0', 'new')]),
      act: apply,
    },
    'an upgrade behind another router': {
      before: configOf([behind('api', '1.0.0', 'old')]),
      after: configOf([behind('api', '1.1.0', 'new')]),
      act: apply,
    },
    // one that only switches has nothing of its own to start anew
    ...(targetType === 'switching'
      ? {}
      : { 'a restart': { before: pair('1.0.0'), after: pair('1.0.0'), act: again } }),
    'a rollback': {
      before: pair('1.0.0'),
      between: pair('1.1.0'),
      after: {
        ...pair('1.1.0'),
        hooks: [...hooksOf('back'), hook('first', 'back', { when: 'beforeRollback' })],
      },
      act: back,
    },
  }
}

interface Start {
  readonly ground: MemoryGround
  readonly disk: MemoryDisk
}

const starts = new WeakMap<Scenario, Promise<Start>>()

/** The world before the act, made once and copied for each try. */
async function setUp(scenario: Scenario): Promise<Start> {
  const start = starts.get(scenario) ?? begin(scenario)
  starts.set(scenario, start)
  const { ground, disk } = await start
  return { ground: ground.copy(), disk: structuredClone(disk) }
}

/** Nothing, deployed, or deployed twice. */
async function begin(scenario: Scenario): Promise<Start> {
  const ground = new MemoryGround()
  const disk = { ...emptyDisk(), approves: true }
  if (scenario.before !== null) await apply(memoryWorld({ config: scenario.before, ground, disk }))
  if (scenario.between !== undefined) await apply(memoryWorld({ config: scenario.between, ground, disk }))
  return { ground, disk }
}

/** Effects and durable writes of the act when nothing goes wrong, and the world it leads to. */
async function rehearse(scenario: Scenario) {
  const { ground, disk } = await setUp(scenario)
  const world = memoryWorld({ config: scenario.after, ground, disk })
  const initial = ground.view()
  const result = await scenario.act(world)
  expect(outcomeKind(result)).toBe('applied')
  return {
    effects: ground.effects,
    writes: world.store.writes(),
    initial,
    final: ground.view(),
    state: stateView(disk),
  }
}

const kinds = Object.keys(strategies).map(
  (type) => [type, type === 'rolling' ? ['running', 'copies', 'switching'] : ['running', 'copies']] as const,
)
const cases = kinds.flatMap(([type, targets]) =>
  targets.flatMap((target) =>
    Object.entries(scenarios(type, target)).map(([name, scenario]) => ({
      name: `${type} on ${target}: ${name}`,
      scenario,
    })),
  ),
)

/** The same on several hosts, in batches: one deployment, whatever the number of hosts. */
function hostScenarios(targetType: string): { readonly [name: string]: Scenario } {
  const on = (version: string, hosts: readonly string[], mark = version) =>
    configOf(
      [
        service('web', {
          hosts: ['app'],
          strategy: { type: 'rolling', monitor: '0s', batch: 2, wait: '1m', canary: 1 },
          target: { type: targetType, path: 'web' },
          ...policy(version),
        }),
        ...(targetType === 'switching' ? [service('api', { ...policy(version), dependsOn: ['web'] })] : []),
      ],
      {
        hosts: { app: groupOf(...hosts) },
        hooks: [
          ...hooksOf(mark),
          hook('out', mark, { when: 'beforeSwitch', service: 'web', each: 'host' }),
          hook('in', mark, { when: 'afterSwitch', service: 'web', each: 'host', at: 'host' }),
        ],
      },
    )
  const three = ['web1', 'web2', 'web3']
  return {
    'an upgrade of hosts': { before: on('1.0.0', three), after: on('1.1.0', three), act: apply },
    'other hosts': { before: on('1.0.0', three), after: on('1.0.0', ['web2', 'web4'], 'more'), act: apply },
    'an upgrade and other hosts': {
      before: on('1.0.0', three),
      after: on('1.1.0', ['web3', 'web4']),
      act: apply,
    },
  }
}

const hostCases = ['copies', 'switching'].flatMap((target) =>
  Object.entries(hostScenarios(target)).map(([name, scenario]) => ({ name: `${target}: ${name}`, scenario })),
)

describe.each([...cases, ...hostCases])('$name', ({ scenario }) => {
  test('law 1: whatever fails, before or after its effect, the world is what it was', async () => {
    const { effects, initial } = await rehearse(scenario)
    for (let at = 0; at < effects; at++) {
      for (const when of ['before', 'after'] as const) {
        const { ground, disk } = await setUp(scenario)
        const stateBefore = stateView(disk)
        ground.fault = { at, when }
        const result = await scenario.act(memoryWorld({ config: scenario.after, ground, disk }))
        const failed = ground.log.at(-1) ?? ''
        const kind = outcomeKind(result)
        if (kind === 'applied') continue // a tolerated failure: of a prune, or of a hook that may fail
        expect([kind, at, when, failed, ground.view()]).toEqual(['unwound', at, when, failed, initial])
        expect(withoutHolds(stateView(disk))).toEqual(withoutHolds(stateBefore))
        expect(disk.locked).toBe(false)
      }
    }
  })

  test('law 2: whenever the power fails, unwinding gives the old world and resuming gives the new one', async () => {
    const { writes, initial, final, state } = await rehearse(scenario)
    for (let cut = 0; cut < writes; cut++) {
      for (const direction of ['unwind', 'resume'] as const) {
        const { ground, disk } = await setUp(scenario)
        const stateBefore = stateView(disk)
        const textBefore = disk.state
        const dying = memoryWorld({ config: scenario.after, ground, disk })
        dying.store.cutAfter(cut)
        await Promise.race([scenario.act(dying), dying.store.dead])
        disk.locked = false // its holder is dead; the real lock sees that
        const next = memoryWorld({ config: scenario.after, ground, disk })
        if ((await next.store.unfinished('staging')).length === 0) {
          // Nothing had begun, or all had ended.
          expect([initial, final]).toContainEqual(ground.view())
          continue
        }
        const recorded = disk.state !== textBefore
        if (direction === 'unwind' && (recorded || begunPruning(disk))) {
          // Past the point of no return: it says so, and the other way is still open.
          await expect(recover(next, 'unwind', quietExecution(), signal)).rejects.toThrow(
            'can no longer be undone',
          )
          expect(disk.locked).toBe(false)
          continue
        }
        const result = await recover(next, direction, quietExecution(), signal)
        if (direction === 'resume') {
          expect([cut, outcomeKind(result), ground.view()]).toEqual([cut, 'applied', final])
          expect(stateView(disk)).toEqual(state)
        } else {
          expect([cut, outcomeKind(result), ground.view()]).toEqual([cut, 'unwound', initial])
          expect(stateView(disk)).toEqual(stateBefore ?? emptyState(disk))
        }
        expect(await next.store.unfinished('staging')).toEqual([])
      }
    }
  })

  test('law 3: planning twice gives the same plan; applying it and planning again gives an empty one', async () => {
    const { ground, disk } = await setUp(scenario)
    const world = memoryWorld({ config: scenario.after, ground, disk })
    if (scenario.act === apply) {
      const first = await planApply(world, { services: [] }, signal)
      const second = await planApply(world, { services: [] }, signal)
      expect(second).toEqual(first)
      expect(first.steps.length).toBeGreaterThan(0)
    }
    await scenario.act(world)
    const again = await planApply(world, { services: [] }, signal)
    expect(again.steps).toEqual([])
    expect(again.outcome).toEqual({})
  })
})

function begunPruning(disk: MemoryDisk): boolean {
  const [journal] = [...disk.journals.values()].slice(-1)
  return journal?.entries.some((entry) => entry.includes('/prune')) ?? false
}

function withoutHolds(view: unknown): unknown {
  if (view === null) return { services: {} }
  const { services } = view as { services: { [name: string]: object } }
  return {
    services: Object.fromEntries(
      Object.entries(services).map(([name, one]) => [name, { ...one, holds: [] }]),
    ),
  }
}

function emptyState(disk: MemoryDisk): unknown {
  return { ...(stateView(disk) as object), services: {} }
}
