/**
 * Hosts that fail alone, hosts that are down, and hosts left out: the others go on, state says of each what it has, and the
 * next apply brings everybody up to date. At every failure point, and with a power cut at every durable write.
 */
import { describe, expect, test } from 'vitest'
import { deploy, rollBack } from '../../src/app/deploy.js'
import { forgetHost, recordOfHost } from '../../src/app/forget-host.js'
import { planApply } from '../../src/app/plan-release.js'
import { recover } from '../../src/app/recover.js'
import type { PlanRequest } from '../../src/app/requests.js'
import { showStatus } from '../../src/app/show-status.js'
import type { RecordedState } from '../../src/model/state.js'
import { MemoryGround } from '../support/memory-ground.js'
import { emptyDisk, type MemoryDisk } from '../support/memory-store.js'
import {
  configOf,
  groupOf,
  memoryWorld,
  outcomeKind,
  quietExecution,
  service,
} from '../support/memory-world.js'
import { policyOf } from '../support/version-policy.js'

const never = new AbortController().signal
const names = ['web1', 'web2', 'web3', 'web4']

function bench(strategy: object = { batch: 2, maxFailures: 1 }, type = 'switching') {
  const ground = new MemoryGround()
  const disk = emptyDisk()
  const config = (version: string, hosts: readonly string[] = names) =>
    configOf(
      [
        service('web', {
          hosts: ['app'],
          strategy: { type: 'rolling', monitor: '0s', ...strategy },
          target: { type, path: 'web' },
          policy: policyOf({ version }),
        }),
      ],
      { hosts: { app: groupOf(...hosts) } },
    )
  const world = (version: string, hosts?: readonly string[]) =>
    memoryWorld({ config: config(version, hosts), ground, disk, versions: ['1.0.0', '1.1.0', '1.2.0'] })
  return {
    ground,
    disk,
    world,
    apply: (version: string, request: Partial<PlanRequest> = {}, hosts?: readonly string[]) =>
      deploy(world(version, hosts), { services: [], ...request }, quietExecution(), never),
    plan: (version: string) => planApply(world(version), { services: [] }, never),
    status: async (version: string) => {
      const [web] = (await showStatus(world(version), never)).services
      return web!.hosts.map(({ host, version: has, behind }) => [host, has, behind])
    },
  }
}

/** The version that serves on each host. */
function served(ground: MemoryGround, hosts = names): readonly string[] {
  return hosts.map((host) => Object.keys(ground.traffic(`${host}:web`))[0]?.split('-')[0] ?? 'nothing')
}

/** The version that state says each host has. */
function recorded(disk: MemoryDisk, hosts = names): readonly string[] {
  const { active, lagging = [] } = (JSON.parse(disk.state ?? 'null') as RecordedState).services['web']!
  return hosts.map((host) => {
    const lag = lagging.find((one) => one.host === host)
    if (lag !== undefined) return lag.has?.release.version ?? 'nothing'
    return active.instances.some((one) => one.host === host) ? active.release.version : 'nothing'
  })
}

describe('a host that fails', () => {
  test('is unwound alone; the others go on; the next apply brings it up to date', async () => {
    const { ground, disk, apply, plan, status } = bench()
    await apply('1.0.0')
    ground.refusing.add('web2 1.1.0')
    const result = await apply('1.1.0')
    expect(outcomeKind(result)).toBe('applied')
    expect(result).toMatchObject({
      outcome: { lagging: [{ service: 'web', host: 'web2', step: 'web/route@web2' }], failures: [] },
    })
    expect(served(ground)).toEqual(['1.1.0', '1.0.0', '1.1.0', '1.1.0'])
    expect(recorded(disk)).toEqual(served(ground))
    expect(await status('1.1.0')).toContainEqual(['web2', '1.0.0', 'the restart failed'])
    ground.refusing.clear()
    const next = await plan('1.1.0')
    expect(next.changes[0]!.reasons).toEqual(['web2 still has v1.0.0: the restart failed'])
    expect(new Set(next.steps.map(({ host }) => host))).toEqual(new Set(['web2']))
    await apply('1.1.0')
    expect(served(ground)).toEqual(names.map(() => '1.1.0'))
    expect(recorded(disk)).toEqual(served(ground))
    expect((await plan('1.1.0')).steps).toEqual([])
  })

  test('one more than may fail takes everything along', async () => {
    const { ground, disk, apply } = bench()
    await apply('1.0.0')
    const [before, state] = [ground.view(), recorded(disk)]
    for (const host of ['web2', 'web4']) ground.refusing.add(`${host} 1.1.0`)
    expect(outcomeKind(await apply('1.1.0'))).toBe('unwound')
    expect(ground.view()).toEqual(before)
    expect(recorded(disk)).toEqual(state)
  })

  test('a canary host takes everything along, whatever may fail', async () => {
    const { ground, apply } = bench({ canary: 1, maxFailures: 3 })
    await apply('1.0.0')
    const before = ground.view()
    ground.refusing.add('web1 1.1.0')
    const result = await apply('1.1.0')
    expect(outcomeKind(result)).toBe('unwound')
    expect(ground.view()).toEqual(before)
    expect(ground.log.filter((line) => line.startsWith('route web2'))).toHaveLength(1)
  })

  test('is left behind by several releases, and goes to the newest in one step; a rollback takes it along', async () => {
    const { ground, disk, apply, world } = bench()
    await apply('1.0.0')
    ground.refusing.add('web3 1.1.0').add('web3 1.2.0')
    await apply('1.1.0')
    await apply('1.2.0')
    expect(recorded(disk)).toEqual(['1.2.0', '1.2.0', '1.0.0', '1.2.0'])
    expect(served(ground)).toEqual(recorded(disk))
    const back = await rollBack(world('1.2.0'), { services: [], to: '1.0.0' }, quietExecution(), never)
    expect(outcomeKind(back)).toBe('applied')
    expect(served(ground)).toEqual(names.map(() => '1.0.0'))
    expect(recorded(disk)).toEqual(served(ground))
  })
})

describe('a host that is down', () => {
  test('keeps a deployment from beginning', async () => {
    const { ground, apply } = bench()
    await apply('1.0.0')
    ground.down.add('web3')
    const before = ground.view()
    await expect(apply('1.1.0')).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' })
    expect(ground.view()).toEqual(before)
  })

  test('is left out where deploy.yaml says so, and brought up to date when it is back', async () => {
    const { ground, disk, apply, plan, status } = bench({ batch: 2, unreachable: 'skip' })
    await apply('1.0.0')
    ground.down.add('web3')
    await apply('1.1.0')
    expect(recorded(disk)).toEqual(['1.1.0', '1.1.0', '1.0.0', '1.1.0'])
    const still = await plan('1.1.0')
    expect([still.steps, still.outcome]).toEqual([[], {}])
    expect(still.notices[0]!.message).toMatch(/^web3 is left out/)
    ground.down.clear()
    expect(served(ground)).toEqual(recorded(disk))
    expect(await status('1.1.0')).toContainEqual(['web3', '1.0.0', 'it was not reached'])
    await apply('1.1.0')
    expect(served(ground)).toEqual(names.map(() => '1.1.0'))
    expect(recorded(disk)).toEqual(served(ground))
  })

  test('is remembered when it is no longer wanted, and taken down when it is back', async () => {
    const { ground, disk, apply } = bench()
    await apply('1.0.0')
    ground.down.add('web4')
    const rest = names.slice(0, 3)
    await apply('1.1.0', {}, rest)
    expect(recorded(disk)).toEqual(['1.1.0', '1.1.0', '1.1.0', '1.0.0'])
    ground.down.clear()
    await apply('1.1.0', {}, rest)
    expect(served(ground)).toEqual(['1.1.0', '1.1.0', '1.1.0', 'nothing'])
    expect(recorded(disk)).toEqual(served(ground))
  })

  test('that will never come back is forgotten, and nobody asks for it any more', async () => {
    const { ground, disk, apply, world } = bench()
    await apply('1.0.0')
    ground.down.add('web4')
    const rest = names.slice(0, 3)
    expect(await recordOfHost(world('1.0.0', rest), 'web4')).toEqual({
      host: 'web4',
      services: [{ service: 'web', version: '1.0.0', isLast: false }],
    })
    await forgetHost(world('1.0.0', rest), 'web4')
    expect(recorded(disk)).toEqual(['1.0.0', '1.0.0', '1.0.0', 'nothing'])
    const plan = await planApply(world('1.0.0', rest), { services: [] }, never)
    expect([plan.steps, plan.notices]).toEqual([[], []])
    const [web] = (await showStatus(world('1.0.0', rest), never)).services
    expect(web!.hosts.map(({ host }) => host)).toEqual(rest)
    await expect(recordOfHost(world('1.0.0', rest), 'web4')).rejects.toMatchObject({ code: 'USAGE' })
  })

  test('that is forgotten and still wanted is a new one', async () => {
    const { ground, disk, apply, world, plan } = bench()
    await apply('1.0.0')
    await forgetHost(world('1.0.0'), 'web2')
    expect((await plan('1.0.0')).changes[0]!.reasons).toEqual(['web2 is new among its hosts'])
    await apply('1.0.0')
    expect(served(ground)).toEqual(recorded(disk))
    for (const name of names) await forgetHost(world('1.0.0'), name)
    await apply('1.1.0')
    expect([served(ground), recorded(disk)]).toEqual([names.map(() => '1.1.0'), names.map(() => '1.1.0')])
  })

  test('with a service that has gone from deploy.yaml keeps plans from being made until it is forgotten', async () => {
    const { ground, disk, apply, world } = bench()
    await apply('1.0.0', {}, ['web1'])
    ground.down.add('web1')
    const without = { ...world('1.0.0'), config: configOf([]) }
    await expect(planApply(without, { services: [] }, never)).rejects.toMatchObject({
      code: 'HOST_UNREACHABLE',
    })
    await forgetHost(without, 'web1')
    expect((await planApply(without, { services: [] }, never)).changes).toEqual([])
    expect((JSON.parse(disk.state ?? 'null') as RecordedState).services).toEqual({})
  })

  test('all of them down is never skipped', async () => {
    const { ground, apply } = bench({ unreachable: 'skip' })
    for (const name of names) ground.down.add(name)
    await expect(apply('1.0.0')).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' })
  })
})

test('--host and --limit leave the others as they are, and the record says so', async () => {
  const { ground, disk, apply } = bench()
  await apply('1.0.0')
  await apply('1.1.0', { only: { hosts: ['web2'], limit: [] } })
  expect(served(ground)).toEqual(['1.0.0', '1.1.0', '1.0.0', '1.0.0'])
  expect(recorded(disk)).toEqual(served(ground))
  await apply('1.1.0', { only: { hosts: [], limit: ['web*'] } })
  expect(served(ground)).toEqual(names.map(() => '1.1.0'))
  expect(recorded(disk)).toEqual(served(ground))
  await expect(apply('1.1.0', { only: { hosts: ['web9'], limit: [] } })).rejects.toMatchObject({
    code: 'USAGE',
  })
})

for (const type of ['switching', 'copies']) {
  test(`${type}: whatever effect fails, every host has the old or the new, and state says which`, async () => {
    const whole = bench(undefined, type)
    await whole.apply('1.0.0')
    whole.ground.effects = 0
    await whole.apply('1.1.0')
    for (let at = 0; at < whole.ground.effects; at++) {
      for (const when of ['before', 'after'] as const) {
        const { ground, disk, apply, plan } = bench(undefined, type)
        await apply('1.0.0')
        ground.effects = 0
        ground.fault = { at, when }
        expect([at, outcomeKind(await apply('1.1.0'))]).toEqual([at, 'applied'])
        expect([at, served(ground)]).toEqual([at, recorded(disk)])
        expect(served(ground).filter((version) => version === '1.1.0').length).toBeGreaterThanOrEqual(3)
        await apply('1.1.0')
        expect([at, served(ground)]).toEqual([at, names.map(() => '1.1.0')])
        expect((await plan('1.1.0')).steps).toEqual([])
      }
    }
  })
}

test('cut at any write while a host fails, either way of recovery ends with a world that state tells of', async () => {
  const failing = async () => {
    const it = bench()
    await it.apply('1.0.0')
    it.ground.refusing.add('web3 1.1.0')
    return it
  }
  const whole = await failing()
  const rehearsal = whole.world('1.1.0')
  await deploy(rehearsal, { services: [] }, quietExecution(), never)
  for (let cut = 0; cut < rehearsal.store.writes(); cut++) {
    for (const direction of ['resume', 'unwind'] as const) {
      const { ground, disk, world, apply } = await failing()
      const dying = world('1.1.0')
      dying.store.cutAfter(cut)
      await Promise.race([deploy(dying, { services: [] }, quietExecution(), never), dying.store.dead])
      disk.locked = false
      const next = world('1.1.0')
      if ((await next.store.unfinished('staging')).length > 0) {
        const recovery = await recover(next, direction, quietExecution(), never).catch((error: unknown) => {
          expect(String(error)).toContain('can no longer be undone')
          return recover(next, 'resume', quietExecution(), never)
        })
        expect([cut, direction, outcomeKind(recovery)]).toEqual([
          cut,
          direction,
          expect.stringMatching(/applied|unwound/),
        ])
      }
      expect([cut, direction, served(ground)]).toEqual([cut, direction, recorded(disk)])
      expect(await next.store.unfinished('staging')).toEqual([])
      ground.refusing.clear()
      await apply('1.1.0', { services: ['web'] }) // by name, since an unwound release is held
      expect([cut, direction, served(ground)]).toEqual([cut, direction, names.map(() => '1.1.0')])
    }
  }
})
