/** What a recovery finds that is not as it was left: journals that broke, states that moved, a second interrupt. */
import { describe, expect, test } from 'vitest'
import { deploy } from '../../src/app/deploy.js'
import { recover } from '../../src/app/recover.js'
import type { World } from '../../src/app/world.js'
import { DeployError } from '../../src/base/deploy-error.js'
import type { JournalEntry } from '../../src/model/journal.js'
import type { RecordedState } from '../../src/model/state.js'
import { memoryProject, never } from '../support/memory-project.js'
import {
  configOf,
  hook,
  memoryWorld,
  outcomeKind,
  quietExecution,
  service,
  stateView,
} from '../support/memory-world.js'

const pair = configOf([service('api'), service('web', { dependsOn: ['api'] })])
const upgrade = { services: [] }

async function deployed(config = pair) {
  const project = memoryProject(config)
  await project.apply()
  project.offer('1.1.0')
  return project
}

/** The journal takes nothing any more from the entry that is `fatal` on, as on a disk that has filled up. */
function withBrokenJournal(
  world: World,
  isFatal: (entry: JournalEntry) => boolean,
  lasts: 'until it is opened again' | 'for ever',
): World {
  const { store } = world
  const full = () => new DeployError('DISK_FULL', 'no space left on the device')
  return {
    ...world,
    store: {
      ...store,
      createJournal: async (header) => {
        const journal = await store.createJournal(header)
        let isBroken = false
        return {
          close: () => journal.close(),
          async append(entry) {
            isBroken ||= isFatal(entry)
            if (isBroken) throw full()
            await journal.append(entry)
          },
        }
      },
      reopenJournal: (...journal) =>
        lasts === 'for ever' ? Promise.reject(full()) : store.reopenJournal(...journal),
    },
  }
}

describe('a journal that broke half way', () => {
  const steps = ['api/stage', 'api/start', 'api/route', 'web/start', 'web/route', 'web/stop']
  const events = ['apply-started', 'apply-succeeded'] as const
  const cases = steps.flatMap((step) => events.map((event) => ({ step, event })))

  async function broken(step: string, event: string, lasts: 'until it is opened again' | 'for ever') {
    const project = await deployed()
    const before = { world: project.ground.view(), state: stateView(project.disk) }
    const isFatal = (entry: JournalEntry) =>
      entry.type === 'step' && entry.step === step && entry.event === event
    const world = withBrokenJournal(project.world(), isFatal, lasts)
    const result = await deploy(world, upgrade, quietExecution(), never)
    expect(result).toMatchObject({ outcome: { kind: 'unwound' } })
    expect(project.ground.view()).toEqual(before.world)
    expect(stateView(project.disk)).toEqual(before.state)
    return { project, result, before }
  }

  test.each(cases)(
    'at $event of $step, and can be written again: all is undone and on record',
    async (at) => {
      const { project, result } = await broken(at.step, at.event, 'until it is opened again')
      expect(result).toMatchObject({ unrecorded: null })
      expect(project.disk.locked).toBe(false)
      expect(await project.world().store.unfinished('staging')).toEqual([])
      expect(outcomeKind(await project.apply())).toBe('applied')
      expect(project.serves('web')).toBe('1.1.0')
    },
  )

  test.each(cases)(
    'at $event of $step, for good: undone, told as not on record, and recovered',
    async (at) => {
      const { project, result, before } = await broken(at.step, at.event, 'for ever')
      expect(result).toMatchObject({ unrecorded: { code: 'STATE_WRITE_FAILED' } })
      expect(project.disk.locked).toBe(true)
      project.disk.locked = false // its process has ended
      expect(outcomeKind(await recover(project.world(), 'unwind', quietExecution(), never))).toBe('unwound')
      expect(project.ground.view()).toEqual(before.world)
      expect(stateView(project.disk)).toEqual(before.state)
      expect(await project.world().store.unfinished('staging')).toEqual([])
    },
  )

  test('between writing that it was undone and the end: it is not taken up where it broke', async () => {
    const project = await deployed()
    const dying = project.world()
    const isFatal = (entry: JournalEntry) => entry.type === 'step' && entry.step === 'web/route'
    const world = withBrokenJournal(dying, isFatal, 'until it is opened again')
    const appendHistory = () => new Promise<never>(() => dying.store.cutAfter(0))
    const run = deploy(
      { ...world, store: { ...world.store, appendHistory } },
      upgrade,
      quietExecution(),
      never,
    )
    await Promise.race([run, waitUntil(() => project.state().serial === 2)])
    project.disk.locked = false
    await expect(recover(project.world(), 'resume', quietExecution(), never)).rejects.toThrow(
      'can only be undone to the end',
    )
    expect(outcomeKind(await recover(project.world(), 'unwind', quietExecution(), never))).toBe('unwound')
    expect(project.serves('web')).toBe('1.0.0')
  })
})

async function waitUntil(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((done) => setImmediate(done))
}

describe('a state that moved while a deployment was interrupted', () => {
  async function interrupted() {
    const project = await deployed()
    const dying = project.world()
    dying.store.cutAfter(6)
    await Promise.race([deploy(dying, upgrade, quietExecution(), never), dying.store.dead])
    project.disk.locked = false
    const state = project.state()
    project.disk.state = JSON.stringify({ ...state, serial: state.serial + 1 } satisfies RecordedState)
    return project
  }

  test('is not written over: finishing is refused before anything is done', async () => {
    const project = await interrupted()
    const world = project.ground.view()
    await expect(recover(project.world(), 'resume', quietExecution(), never)).rejects.toMatchObject({
      code: 'PLAN_STALE',
      hint: 'deployctl recover --unwind',
    })
    expect(project.ground.view()).toEqual(world)
    expect(project.disk.locked).toBe(false)
  })

  test('keeps nobody from undoing it', async () => {
    const project = await interrupted()
    const result = await recover(project.world(), 'unwind', quietExecution(), never)
    expect(result).toMatchObject({ outcome: { kind: 'unwound' }, unrecorded: null })
    expect(project.serves('web')).toBe('1.0.0')
    expect(await project.world().store.unfinished('staging')).toEqual([])
  })
})

test('the interrupted deployment of another project in the same folder is left alone', async () => {
  const project = memoryProject(pair)
  const dying = project.world()
  dying.store.cutAfter(6)
  await Promise.race([deploy(dying, upgrade, quietExecution(), never), dying.store.dead])
  project.disk.locked = false
  const stranger = memoryWorld({
    config: { ...pair, project: 'shed' },
    ground: project.ground,
    disk: project.disk,
  })
  const world = project.ground.view()
  for (const direction of ['unwind', 'resume'] as const) {
    await expect(recover(stranger, direction, quietExecution(), never)).rejects.toMatchObject({
      code: 'STATE_CORRUPT',
      message: expect.stringContaining('belongs to the project "shop", not to "shed"') as string,
    })
  }
  expect(project.ground.view()).toEqual(world)
})

test('an interrupt while one service is being undone takes the others along, and is waited for', async () => {
  const project = await deployed(
    configOf([service('api'), service('docs', { target: { type: 'switching', path: 'docs' } })], {
      onFailure: 'service',
    }),
  )
  const opened = hook('open', 'x', { when: 'beforeDeploy' })
  project.configure({ ...project.world().config, hooks: [opened] })
  const before = project.ground.view()
  project.health.sick('1.1.0')
  const world = project.world()
  const stop = new AbortController()
  const onlyApi = {
    ...world,
    check: () => ({
      probe: async ({ env }: { env: { readonly [name: string]: string } }) => ({
        healthy: env.DEPLOYCTL_SERVICE !== 'api' || env.DEPLOYCTL_VERSION !== '1.1.0',
        seen: 'x',
      }),
    }),
  }
  const result = await deploy(
    onlyApi,
    upgrade,
    quietExecution({
      emit: (event) => {
        if (event.type === 'step' && event.step === 'api/start' && event.event === 'revert-started')
          stop.abort(new DeployError('CANCELLED', 'interrupted by SIGINT'))
      },
    }),
    stop.signal,
  )
  expect(result).toMatchObject({
    outcome: { kind: 'unwound', services: { api: 'unwound', docs: 'unwound' } },
  })
  expect(project.ground.view()).toEqual(before)
  expect(project.serves('docs')).toBe('1.0.0')
  expect(project.state().services.docs?.active.release.version).toBe('1.0.0')
})

test('a service that stands below one that could not be undone stays, and is not said to be undone', async () => {
  const project = await deployed({ ...pair, onFailure: 'service' })
  const world = project.world()
  const stop = new AbortController()
  const target: World['target'] = (spec, place) => {
    const real = world.target(spec, place)
    return spec.path === 'web'
      ? { ...real, stop: () => Promise.reject(new Error('the engine does not answer')) }
      : real
  }
  const sickWeb: World['check'] = () => ({
    probe: async ({ env }) => ({
      healthy: env.DEPLOYCTL_SERVICE !== 'web' || env.DEPLOYCTL_VERSION !== '1.1.0',
      seen: 'x',
    }),
  })
  const result = await deploy(
    { ...world, target, check: sickWeb },
    upgrade,
    quietExecution({
      emit: (event) => {
        if (event.type === 'unwind-started') stop.abort(new DeployError('CANCELLED', 'interrupted by SIGINT'))
      },
    }),
    stop.signal,
  )
  expect(result).toMatchObject({ outcome: { kind: 'stuck', services: { api: 'stuck', web: 'stuck' } } })
  expect(project.serves('api')).toBe('1.1.0')
  expect(outcomeKind(await recover(project.world(), 'unwind', quietExecution(), never))).toBe('unwound')
  expect([project.serves('api'), project.serves('web')]).toEqual(['1.0.0', '1.0.0'])
})

test('a lock that cannot be removed changes nothing of the outcome, and is said', async () => {
  const project = memoryProject(pair)
  const world = project.world()
  const told: string[] = []
  const lock: World['store']['lock'] = async (...request) => ({
    ...(await world.store.lock(...request)),
    release: () => Promise.reject(new DeployError('IO_FAILED', 'the disk does not answer')),
  })
  const execution = quietExecution({ notice: (text) => told.push(text) })
  const result = await deploy({ ...world, store: { ...world.store, lock } }, upgrade, execution, never)
  expect(outcomeKind(result)).toBe('applied')
  expect(told.join()).toContain('the disk does not answer')
})

test('the commands of a deployment that lives are not ended, when its place cannot be had', async () => {
  const project = await deployed()
  const dying = project.world()
  dying.store.cutAfter(4)
  await Promise.race([deploy(dying, upgrade, quietExecution(), never), dying.store.dead])
  project.disk.locked = false // somebody ran `deployctl unlock`, and its process lives
  const [journal] = [...project.disk.journals.values()].slice(-1)
  journal?.entries.push(
    JSON.stringify({ type: 'step', step: 'api/start', event: 'apply-started', at: '' }),
    JSON.stringify({ type: 'child', step: 'api/start', pid: 4711, startedAt: 'x' }),
  )
  const world = project.world()
  const ended: number[] = []
  const shell: World['shell'] = {
    ...world.shell,
    end: async ({ pid }) => {
      ended.push(pid)
      return true
    },
  }
  const target: World['target'] = (spec, place) => ({
    ...world.target(spec, place),
    claim: () => Promise.reject(new DeployError('LOCKED', 'it is being deployed to')),
  })
  const attempt = recover({ ...world, shell, target }, 'unwind', quietExecution(), never)
  await expect(attempt).rejects.toMatchObject({ code: 'LOCKED' })
  expect(ended).toEqual([])
  expect(outcomeKind(await recover({ ...world, shell }, 'unwind', quietExecution(), never))).toBe('unwound')
  expect(ended).toEqual([4711])
})

test('what can never be undone is left when a person allows it, and the environment is free again', async () => {
  const project = memoryProject(
    configOf([service('web')], {
      hooks: [hook('seed', 'x', { service: 'web', revert: { run: ['fail'] } })],
    }),
  )
  project.health.sick('1.0.0')
  expect(await project.apply()).toMatchObject({ outcome: { kind: 'stuck' } })
  expect(await recover(project.world(), 'unwind', quietExecution(), never)).toMatchObject({
    outcome: { kind: 'stuck' },
  })
  const result = await recover(project.world(), 'unwind', quietExecution({ allow: ['leftovers'] }), never)
  expect(result).toMatchObject({
    outcome: {
      kind: 'unwound',
      services: { web: 'unwound' },
      leftovers: [{ reason: expect.stringContaining('the revert of hook "seed" exited with 1') as string }],
    },
    unrecorded: null,
  })
  expect(project.ground.view()).toEqual({ places: [], hooks: ['seed-x'] })
  expect(await project.world().store.unfinished('staging')).toEqual([])
  project.offer('1.1.0')
  expect(outcomeKind(await project.apply())).toBe('applied')
})
