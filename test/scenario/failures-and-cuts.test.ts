/**
 * Laws 1 and 2 together: releases that fail their checks, one or several at once, and a power cut before every durable
 * write on the way down. However far a failure reaches, the world and the state tell the same story in the end.
 */
import { copyName } from '../../src/model/instance.js'
import { describe, expect, test } from 'vitest'
import { deploy } from '../../src/app/deploy.js'
import { planApply } from '../../src/app/plan-release.js'
import { recover } from '../../src/app/recover.js'
import type { World } from '../../src/app/world.js'
import type { Config } from '../../src/model/config.js'
import type { HealthCheck } from '../../src/model/health-check.js'
import type { RecordedState } from '../../src/model/state.js'
import { MemoryGround } from '../support/memory-ground.js'
import { emptyDisk, type MemoryDisk } from '../support/memory-store.js'
import {
  configOf,
  hook,
  memoryWorld,
  outcomeKind,
  quietExecution,
  service,
  stateView,
} from '../support/memory-world.js'
import { policyOf } from '../support/version-policy.js'

const never = new AbortController().signal

function stack(version: string, onFailure: Config['onFailure']): Config {
  const policy = policyOf({ version })
  return configOf(
    [
      service('api', { policy }),
      service('web', { policy, dependsOn: ['api'] }),
      service('docs', { policy, target: { type: 'switching', path: 'docs' } }),
    ],
    {
      onFailure,
      hooks: [
        hook('open', version, { when: 'beforeDeploy' }),
        hook('migrate', version, { service: 'api' }),
        hook('announce', version, { when: 'afterSwitch', service: 'web' }),
        hook('index', version, { when: 'beforeSwitch', service: 'docs' }),
        hook('close', version, { when: 'afterDeploy' }),
      ],
    },
  )
}

/** Those services are never well at 1.1.0. */
function sick(services: readonly string[]): HealthCheck {
  return {
    probe: async ({ env }) => ({
      healthy: env.DEPLOYCTL_VERSION !== '1.1.0' || !services.includes(env.DEPLOYCTL_SERVICE ?? ''),
      seen: 'answered 500',
    }),
  }
}

async function upgrade(onFailure: Config['onFailure'], failing: readonly string[]) {
  const ground = new MemoryGround()
  const disk = emptyDisk()
  const at = (version: string) =>
    memoryWorld({ config: stack(version, onFailure), ground, disk, health: sick(failing) })
  await deploy(at('1.0.0'), { services: [] }, quietExecution(), never)
  return { ground, disk, world: () => at('1.1.0'), before: ground.view(), stateBefore: stateView(disk) }
}

const act = (world: World) => deploy(world, { services: [] }, quietExecution(), never)

/** What runs is what state says, and every hook that ran belongs to something that runs. */
function consistent(ground: MemoryGround, disk: MemoryDisk): void {
  const state = JSON.parse(disk.state ?? 'null') as RecordedState
  const versions = Object.entries(state.services).map(([name, one]) => [name, one.active.release.version])
  for (const [name, { active }] of Object.entries(state.services)) {
    expect([name, Object.keys(ground.traffic(name))]).toEqual([name, active.instances.map(copyName)])
  }
  const newOnes = new Map(versions.map(([name = '', version]) => [name, version === '1.1.0']))
  const ran = (name: string) => ground.hooks.has(`${name}-1.1.0`)
  expect(
    [ran('migrate'), ran('announce'), ran('index')],
    'hooks of a service are undone with it, and only with it',
  ).toEqual([newOnes.get('api'), newOnes.get('web'), newOnes.get('docs')])
  if (![...newOnes.values()].includes(true)) expect([ran('open'), ran('close')]).toEqual([false, false])
}

const reaches = ['deployment', 'service'] as const
const failures = [['api'], ['web'], ['docs'], ['web', 'docs'], ['api', 'docs'], ['api', 'web', 'docs']]
const cases = reaches.flatMap((onFailure) => failures.map((failing) => ({ onFailure, failing })))

describe.each(cases)('onFailure: $onFailure, and $failing are sick', ({ onFailure, failing }) => {
  test('without a cut, the world and the state agree', async () => {
    const { ground, disk, world, before, stateBefore } = await upgrade(onFailure, failing)
    expect(outcomeKind(await act(world()))).toBe('unwound')
    consistent(ground, disk)
    if (onFailure === 'deployment') {
      expect(ground.view()).toEqual(before)
      expect(withoutHolds(stateView(disk))).toEqual(withoutHolds(stateBefore))
    }
  })

  test.each(['unwind', 'resume'] as const)('cut before any write, then recover --%s', async (direction) => {
    const whole = await upgrade(onFailure, failing)
    const rehearsal = whole.world()
    await act(rehearsal)
    for (let cut = 0; cut < rehearsal.store.writes(); cut++) {
      const { ground, disk, world, before, stateBefore } = await upgrade(onFailure, failing)
      const dying = world()
      dying.store.cutAfter(cut)
      await Promise.race([act(dying), dying.store.dead])
      disk.locked = false
      const next = world()
      if ((await next.store.unfinished('staging')).length === 0) continue
      const recordedBefore = disk.state
      let went: string = direction
      try {
        await recover(next, direction, quietExecution(), never)
      } catch (error) {
        // Refused: then it says why, nothing was touched, and the other way is open.
        expect([cut, String(error)]).toEqual([
          cut,
          expect.stringMatching(/can no longer be undone|only be undone to the end/),
        ])
        expect(disk.state).toBe(recordedBefore)
        went = direction === 'unwind' ? 'resume' : 'unwind'
        await recover(next, went as 'resume' | 'unwind', quietExecution(), never)
      }
      expect([cut, await next.store.unfinished('staging')]).toEqual([cut, []])
      consistent(ground, disk)
      if (went === 'unwind') {
        expect([cut, ground.view()]).toEqual([cut, before])
        expect(withoutHolds(stateView(disk))).toEqual(withoutHolds(stateBefore))
      } else {
        expect([cut, ground.view()]).toEqual([cut, whole.ground.view()])
        // Of several that are sick, another may fail first when some of the way was gone before.
        const [state, wanted] = [stateView(disk), stateView(whole.disk)]
        if (failing.length > 1) expect([cut, withoutHolds(state)]).toEqual([cut, withoutHolds(wanted)])
        else expect([cut, state]).toEqual([cut, wanted])
      }
      const looking = memoryWorld({ config: stack('1.0.0', onFailure), ground, disk })
      expect((await planApply(looking, { services: [] }, never)).drift).toEqual([])
    }
  })
})

function withoutHolds(view: unknown): unknown {
  const { services } = view as { services: { [name: string]: object } }
  return Object.fromEntries(Object.entries(services).map(([name, one]) => [name, { ...one, holds: [] }]))
}
