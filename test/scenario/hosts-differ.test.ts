/**
 * Hosts of one service that are not made the same: a variable of a host reaches its own copies and no others, and plan,
 * state, rollback and recovery tell of each host what it has.
 */
import { describe, expect, test } from 'vitest'
import { deploy, rollBack } from '../../src/app/deploy.js'
import { planApply } from '../../src/app/plan-release.js'
import { planRestart } from '../../src/app/plan-restart.js'
import { recover } from '../../src/app/recover.js'
import type { PlanRequest } from '../../src/app/requests.js'
import { hostOf } from '../../src/model/host-entry.js'
import { recordedOn, type RecordedState } from '../../src/model/state.js'
import { MemoryGround } from '../support/memory-ground.js'
import { emptyDisk, type MemoryDisk } from '../support/memory-store.js'
import { configOf, memoryWorld, outcomeKind, quietExecution, service } from '../support/memory-world.js'
import { policyOf } from '../support/version-policy.js'

const never = new AbortController().signal
const names = ['web1', 'web2', 'web3']
/** What each host has for COPIES; the others have the default. */
type Copies = { readonly [host: string]: number }

const byHost = { type: 'copies', path: 'web', replicas: '${number:host.variables.COPIES:-1}' }

function bench() {
  const ground = new MemoryGround()
  const disk = emptyDisk()
  const world = (version: string, copies: Copies, target: { readonly type: string } = byHost) =>
    memoryWorld({
      ground,
      disk,
      config: configOf(
        [
          service('web', {
            hosts: ['app'],
            strategy: { type: 'rolling', monitor: '0s', maxFailures: 1, unreachable: 'skip' },
            target,
            policy: policyOf({ version }),
          }),
        ],
        { hosts: { app: { kind: 'listed', hosts: names.map((name) => specOf(name, copies)) } } },
      ),
    })
  return {
    ground,
    disk,
    world,
    apply: (version: string, copies: Copies, request: Partial<PlanRequest> = {}) =>
      deploy(world(version, copies), { services: [], ...request }, quietExecution(), never),
    plan: (version: string, copies: Copies) => planApply(world(version, copies), { services: [] }, never),
  }
}

function specOf(name: string, copies: Copies) {
  const count = copies[name]
  return hostOf({ address: name, ...(count === undefined ? {} : { variables: { COPIES: count } }) })
}

/** How many copies serve on each host. */
function serving(ground: MemoryGround): readonly number[] {
  return names.map((host) => Object.keys(ground.traffic(`${host}:web`)).length)
}

/** How many state says there are, by the instances and by what they are made of. */
function recorded(disk: MemoryDisk): readonly number[] {
  const web = (JSON.parse(disk.state ?? 'null') as RecordedState).services['web']!
  return names.map((host) => {
    const there = recordedOn(web, host)!
    expect(there.spec.target['replicas']).toBe(there.instances.length)
    return there.instances.length
  })
}

describe('a variable of a host', () => {
  test('shapes what runs there, and only there', async () => {
    const { ground, disk, apply, plan } = bench()
    await apply('1.0.0', { web2: 3 })
    expect(serving(ground)).toEqual([1, 3, 1])
    expect(recorded(disk)).toEqual([1, 3, 1])
    expect((await plan('1.0.0', { web2: 3 })).steps).toEqual([])
  })

  test('changes its host alone when it changes, and the plan says why', async () => {
    const { ground, disk, apply, plan } = bench()
    await apply('1.0.0', { web2: 3 })
    const next = await plan('1.0.0', { web2: 3, web3: 2 })
    expect(next.changes[0]).toMatchObject({
      kind: 'update',
      reasons: ['what web3 has for replicas is another now'],
    })
    expect(new Set(next.steps.map(({ host }) => host))).toEqual(new Set(['web3']))
    await apply('1.0.0', { web2: 3, web3: 2 })
    expect(serving(ground)).toEqual([1, 3, 2])
    expect(recorded(disk)).toEqual([1, 3, 2])
    expect((await plan('1.0.0', { web2: 3, web3: 2 })).steps).toEqual([])
  })

  test('that a host had already takes no step there', async () => {
    const { ground, world, plan } = bench()
    const plain = { type: 'copies', path: 'web', replicas: 1 }
    await deploy(world('1.0.0', {}, plain), { services: [] }, quietExecution(), never)
    const next = await plan('1.0.0', { web2: 2 })
    expect(new Set(next.steps.map(({ host }) => host))).toEqual(new Set(['web2']))
    expect(serving(ground)).toEqual([1, 1, 1])
  })

  test('that is missing keeps a plan from being made', async () => {
    const { world } = bench()
    const target = { type: 'copies', path: 'web', replicas: '${number:host.variables.COPIES}' }
    await expect(
      planApply(world('1.0.0', { web1: 1 }, target), { services: [] }, never),
    ).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: 'services.web.target.replicas: the host web2 has no variable "COPIES"',
    })
  })

  test.each([0, -1, 1.5])('that asks for %s copies takes nothing off a host', async (count) => {
    const { disk, apply, plan } = bench()
    await apply('1.0.0', {})
    await expect(plan('1.0.0', { web2: count })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: `services.web.target.replicas: web2 is to have ${count} copies`,
    })
    expect(recorded(disk)).toEqual([1, 1, 1])
  })

  test('of a host that is down waits until it is back', async () => {
    const { ground, disk, apply, plan } = bench()
    await apply('1.0.0', {})
    ground.down.add('web2')
    await apply('1.0.0', { web1: 2, web2: 2 })
    expect(recorded(disk)).toEqual([2, 1, 1])
    ground.down.clear()
    expect(serving(ground)).toEqual([2, 1, 1])
    expect((await plan('1.0.0', { web1: 2, web2: 2 })).changes[0]!.reasons).toEqual([
      'web2 still has v1.0.0: it was not reached',
    ])
    await apply('1.0.0', { web1: 2, web2: 2 })
    expect(serving(ground)).toEqual([2, 2, 1])
    expect(recorded(disk)).toEqual([2, 2, 1])
  })
})

test('a rollback gives each host the earlier release as deploy.yaml has it now; a restart what it has', async () => {
  const { ground, disk, apply, world } = bench()
  await apply('1.0.0', { web2: 3 })
  await apply('1.1.0', { web2: 2 })
  await rollBack(world('1.1.0', { web2: 2 }), { services: [], to: '1.0.0' }, quietExecution(), never)
  expect(serving(ground)).toEqual([1, 2, 1])
  expect(recorded(disk)).toEqual([1, 2, 1])
  const restart = await planRestart(world('1.1.0', { web2: 5 }), 'web', never)
  const started = restart.steps.flatMap(({ apply: step }) => (step.verb === 'start' ? step.instances : []))
  expect(started.filter((id) => id.startsWith('web@web2/')).length).toBeLessThanOrEqual(3)
})

test('whatever effect fails, each host has the old or the new, and state says which', async () => {
  const [old, next] = [{ web1: 2 }, { web2: 2 }]
  const whole = bench()
  await whole.apply('1.0.0', old)
  whole.ground.effects = 0
  await whole.apply('1.1.0', next)
  for (let at = 0; at < whole.ground.effects; at++) {
    for (const when of ['before', 'after'] as const) {
      const { ground, disk, apply, plan } = bench()
      await apply('1.0.0', old)
      ground.effects = 0
      ground.fault = { at, when }
      await apply('1.1.0', next)
      expect([at, serving(ground)]).toEqual([at, recorded(disk)])
      await apply('1.1.0', next)
      expect([at, serving(ground)]).toEqual([at, [1, 2, 1]])
      expect((await plan('1.1.0', next)).steps).toEqual([])
    }
  }
})

test('cut at any write, either way of recovery ends with a world that state tells of', async () => {
  const [old, next] = [{ web1: 2 }, { web2: 2 }]
  const whole = bench()
  await whole.apply('1.0.0', old)
  const rehearsal = whole.world('1.1.0', next)
  await deploy(rehearsal, { services: [] }, quietExecution(), never)
  for (let cut = 0; cut < rehearsal.store.writes(); cut++) {
    for (const direction of ['resume', 'unwind'] as const) {
      const { ground, disk, world, apply } = bench()
      await apply('1.0.0', old)
      const dying = world('1.1.0', next)
      dying.store.cutAfter(cut)
      await Promise.race([deploy(dying, { services: [] }, quietExecution(), never), dying.store.dead])
      disk.locked = false
      const after = world('1.1.0', next)
      if ((await after.store.unfinished('staging')).length > 0) {
        await recover(after, direction, quietExecution(), never).catch((error: unknown) => {
          expect(String(error)).toContain('can no longer be undone')
          return recover(after, 'resume', quietExecution(), never)
        })
      }
      expect([cut, direction, serving(ground)]).toEqual([cut, direction, recorded(disk)])
      expect([
        [2, 1, 1],
        [1, 2, 1],
      ]).toContainEqual(serving(ground))
    }
  }
  expect(outcomeKind(await whole.apply('1.1.0', next))).toBe('nothing')
})
