/**
 * A canary that waits for a person, and the word that comes from another process. Whatever is said or not said, and whenever
 * it is heard, the world is the old one or the new one, and who said it is on record.
 */
import { describe, expect, test } from 'vitest'
import { abortDeployment, approveStep } from '../../src/app/a-persons-mark.js'
import { deploy, rollBack } from '../../src/app/deploy.js'
import { planApply } from '../../src/app/plan-release.js'
import { recover } from '../../src/app/recover.js'
import { showStatus } from '../../src/app/show-status.js'
import { unfinishedCanary } from '../../src/app/unfinished-canary.js'
import type { DeployResult } from '../../src/app/requests.js'
import type { World } from '../../src/app/world.js'
import type { Config } from '../../src/model/config.js'
import type { HealthCheck } from '../../src/model/health-check.js'
import type { HistoryRecord } from '../../src/model/history.js'
import type { RecordedState } from '../../src/model/state.js'
import { MemoryGround } from '../support/memory-ground.js'
import { emptyDisk, type MemoryDisk } from '../support/memory-store.js'
import { configOf, memoryWorld, outcomeKind, quietExecution, service } from '../support/memory-world.js'
import { policyOf } from '../support/version-policy.js'

const never = new AbortController().signal
const steps = [{ weight: 20 }, { approval: true, deadline: '10m' }, { weight: 60 }, { approval: true }]
const canary = (version: string, names: readonly string[] = ['web']) =>
  configOf(
    names.map((name) =>
      service(name, {
        strategy: { type: 'canary', steps, monitor: '0s' },
        target: { type: 'copies', path: name },
        policy: policyOf({ version }),
      }),
    ),
  )

interface Scene {
  readonly ground: MemoryGround
  readonly disk: MemoryDisk
  /** Another process with the same disk. */
  world(): ReturnType<typeof memoryWorld>
}

async function upgrade(names?: readonly string[], health?: HealthCheck): Promise<Scene> {
  const ground = new MemoryGround()
  const disk = emptyDisk()
  const at = (version: string) =>
    memoryWorld({ config: canary(version, names), ground, disk, ...(health === undefined ? {} : { health }) })
  await act(at('1.0.0'))
  return { ground, disk, world: () => at('1.1.0') }
}

const act = (world: World, signal = never): Promise<DeployResult> =>
  deploy(world, { services: [] }, quietExecution(), signal)

/** Resolves once so many steps of the scene wait for a person. */
async function untilWaiting(scene: Scene, count = 1): Promise<void> {
  while ((await showStatus(scene.world(), never)).waiting.length < count)
    await new Promise((resolve) => setImmediate(resolve))
}

const approve = (scene: Scene, step: string | null = null) =>
  approveStep(
    scene.world(),
    { deployment: null, step, reason: 'errors are flat' },
    new AbortController().signal,
  )
const abort = (scene: Scene, reason: string | null = 'it is slow') =>
  abortDeployment(scene.world(), { deployment: null, reason }, new AbortController().signal)
const lastRecord = ({ disk }: Scene) => JSON.parse(disk.history.at(-1)!) as HistoryRecord
const stateOf = ({ disk }: Scene) => JSON.parse(disk.state!) as RecordedState

test('each approval lets it go on to the next, and who gave it is on record', async () => {
  const scene = await upgrade()
  const running = act(scene.world())
  await untilWaiting(scene)
  const first = await approve(scene)
  expect(first).toMatchObject({ isFirst: true, heard: 'heard', step: { id: 'web/pause' } })
  await untilWaiting(scene)
  expect(await approve(scene)).toMatchObject({ heard: 'heard', step: { id: 'web/pause#2' } })
  expect(outcomeKind(await running)).toBe('applied')
  const said = { by: 'ada@desk', reason: 'errors are flat' }
  expect(lastRecord(scene).approvals).toMatchObject([
    { step: 'web/pause', ...said },
    { step: 'web/pause#2', ...said },
  ])
  expect(scene.disk.marks.size).toBe(0)
})

test('while it waits the new copies have their part of the traffic, and status says what it waits for', async () => {
  const scene = await upgrade()
  const running = act(scene.world())
  await untilWaiting(scene)
  const shares = Object.values(scene.ground.traffic('web'))
  expect(shares.length).toBeGreaterThan(1)
  const { waiting } = await showStatus(scene.world(), never)
  expect(waiting).toMatchObject([
    { step: 'web/pause', title: expect.stringContaining('until it is approved') as string },
  ])
  await abort(scene)
  await running
})

test('nobody approves in time: all of it is undone, and the release is held as one that failed', async () => {
  const scene = await upgrade()
  const before = scene.ground.view()
  const result = await act(scene.world())
  expect(outcomeKind(result)).toBe('unwound')
  expect(scene.ground.view()).toEqual(before)
  expect(lastRecord(scene).failures[0]?.error.message).toBe('nobody approved it within 10m')
  expect(stateOf(scene).services['web']?.holds).toMatchObject([{ version: '1.1.0', cause: 'failed' }])
})

test('copies that fail their checks while it waits are not waited for', async () => {
  let sick = false
  const scene = await upgrade(['web'], { probe: async () => ({ healthy: !sick, seen: '500' }) })
  const before = scene.ground.view()
  const running = act(scene.world())
  await untilWaiting(scene)
  sick = true
  expect(outcomeKind(await running)).toBe('unwound')
  expect(scene.ground.view()).toEqual(before)
  expect(lastRecord(scene).failures[0]?.error.message).toContain('did not stay healthy')
})

test('aborted while it waits: all of it is undone, and its releases are held by the person who said so', async () => {
  const scene = await upgrade(['api', 'web'])
  const before = scene.ground.view()
  const running = act(scene.world())
  await untilWaiting(scene, 2)
  expect(await abort(scene)).toMatchObject({ isFirst: true, heard: 'heard' })
  expect(outcomeKind(await running)).toBe('unwound')
  expect(scene.ground.view()).toEqual(before)
  expect(lastRecord(scene).failures).toMatchObject([
    { step: null, error: { code: 'ABORTED', message: 'aborted by ada@desk: it is slow' } },
  ])
  const { services } = stateOf(scene)
  for (const name of ['api', 'web'])
    expect(services[name]?.holds).toMatchObject([{ version: '1.1.0', cause: 'person' }])
  expect(scene.disk.marks.size).toBe(0)
})

test('an abort at any moment leaves the old world or the new one, and nothing between', async () => {
  const rehearsal = await upgrade()
  rehearsal.disk.approves = true
  const world = rehearsal.world()
  const old = rehearsal.ground.view()
  await act(world)
  const [writes, fresh] = [world.store.writes(), rehearsal.ground.view()]
  for (let at = 0; at < writes; at++) {
    const scene = await upgrade()
    scene.disk.approves = true
    const running = scene.world()
    running.store.afterWrite(at, () => void abort(scene).catch(() => undefined))
    const kind = outcomeKind(await act(running))
    expect([at, kind, scene.ground.view()]).toEqual([at, kind, kind === 'applied' ? fresh : old])
    expect(stateOf(scene).services['web']?.active.release.version).toBe(
      kind === 'applied' ? '1.1.0' : '1.0.0',
    )
  }
})

test('a new deployment is told what the one that lives waits for', async () => {
  const scene = await upgrade()
  const running = act(scene.world())
  await untilWaiting(scene)
  await expect(act(scene.world())).rejects.toMatchObject({
    code: 'LOCKED',
    hint: expect.stringContaining('deployctl approve') as string,
  })
  expect(await unfinishedCanary(scene.world())).toBeNull()
  await abort(scene)
  await running
})

test('a canary that was cut while two releases share the traffic is known as one; a rolling deployment is not', async () => {
  for (const type of ['rolling', 'canary']) {
    const config = (version: string) =>
      configOf([{ ...canary(version).services['web']!, strategy: { type, steps } }])
    const rehearsal = memoryWorld({ config: config('1.1.0'), ...(await first(config('1.0.0'))) })
    await act(rehearsal)
    const seen = new Set<string>()
    for (let cut = 1; cut < rehearsal.store.writes(); cut++) {
      const { ground, disk } = await first(config('1.0.0'))
      const dying = memoryWorld({ config: config('1.1.0'), ground, disk })
      dying.store.cutAfter(cut)
      await Promise.race([act(dying), dying.store.dead])
      disk.locked = false
      const found = await unfinishedCanary(memoryWorld({ config: config('1.1.0'), ground, disk }))
      const versions = new Set(Object.keys(ground.traffic('web')).map((name) => name.split('-')[0]))
      // Between a switch and its line in the journal both are right.
      seen.add(`${found === null ? 'no canary' : 'canary'}, ${versions.size} releases`)
    }
    if (type === 'rolling') expect([...seen].filter((one) => one.startsWith('canary'))).toEqual([])
    else expect(seen).toContain('canary, 2 releases')
  }

  async function first(config: Config): Promise<{ ground: MemoryGround; disk: MemoryDisk }> {
    const ground = new MemoryGround()
    const disk = { ...emptyDisk(), approves: true }
    await act(memoryWorld({ config, ground, disk }))
    return { ground, disk }
  }
})

describe('the process dies while it waits', () => {
  async function died(): Promise<Scene> {
    const scene = await upgrade()
    const dying = scene.world()
    const running = act(dying)
    await untilWaiting(scene)
    dying.store.cutAfter(0)
    void running
    scene.disk.locked = false
    return scene
  }

  test('resumed, it waits again and goes on when it is approved', async () => {
    const scene = await died()
    const resumed = recover(scene.world(), 'resume', quietExecution(), never)
    while (!scene.disk.locked) await new Promise((resolve) => setImmediate(resolve))
    scene.disk.approves = true
    expect(outcomeKind(await resumed)).toBe('applied')
    expect(lastRecord(scene).approvals?.map(({ step }) => step)).toEqual(['web/pause', 'web/pause#2'])
  })

  test('unwound, the old release has all traffic', async () => {
    const scene = await died()
    expect(outcomeKind(await recover(scene.world(), 'unwind', quietExecution(), never))).toBe('unwound')
    expect(Object.keys(scene.ground.traffic('web'))).toHaveLength(2)
    expect(
      (await planApply(memoryWorld({ ...scene, config: canary('1.0.0') }), { services: [] }, never)).steps,
    ).toEqual([])
  })

  test('it is known as an unfinished canary, which a new deployment may undo', async () => {
    const scene = await died()
    expect(await unfinishedCanary(scene.world())).toMatchObject({ services: ['web'] })
    await recover(scene.world(), 'unwind', quietExecution(), never)
    expect(await unfinishedCanary(scene.world())).toBeNull()
  })

  test('nothing is said to a process that is gone: the refusal names the two ways', async () => {
    const scene = await died()
    for (const say of [approve, abort])
      await expect(say(scene)).rejects.toMatchObject({
        code: 'INTERRUPTED_DEPLOYMENT',
        hint: expect.stringContaining('recover --resume') as string,
      })
    expect(scene.disk.marks.size).toBe(0)
  })
})

test('a rollback and a first deployment wait for nobody', async () => {
  const scene = await upgrade()
  scene.disk.approves = true
  await act(scene.world())
  scene.disk.approves = false
  const back = await rollBack(scene.world(), { services: ['web'], to: null }, quietExecution(), never)
  expect(outcomeKind(back)).toBe('applied')
  expect(lastRecord(scene).approvals).toBeUndefined()
})

test('several that wait have to be named; one that does not wait yet may be approved by its name', async () => {
  const scene = await upgrade(['api', 'web'])
  const running = act(scene.world())
  await untilWaiting(scene, 2)
  await expect(approve(scene)).rejects.toMatchObject({ code: 'NOT_WAITING', hint: 'name one: --step ID' })
  for (const step of ['api/pause', 'web/pause', 'api/pause#2', 'web/pause#2']) void approve(scene, step)
  expect(outcomeKind(await running)).toBe('applied')
})

test('without a deployment under way there is nothing to say', async () => {
  const scene = await upgrade()
  for (const say of [approve, abort]) await expect(say(scene)).rejects.toMatchObject({ code: 'NOT_WAITING' })
})

test('what was said first counts', async () => {
  const scene = await upgrade()
  const running = act(scene.world())
  await untilWaiting(scene)
  const [first, second] = await Promise.all([abort(scene, 'mine'), abort(scene, 'and mine')])
  expect([first.isFirst, second.isFirst]).toEqual([true, false])
  expect(second.mark.reason).toBe('mine')
  await running
})
