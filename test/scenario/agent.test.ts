/** The agent, poll by poll: what it deploys by itself, what it leaves, and what it says of it. */
import { describe, expect, test } from 'vitest'
import { DeployError } from '../../src/base/deploy-error.js'
import { sha256 } from '../../src/base/hash.js'
import type { AgentConfig } from '../../src/model/agent.js'
import type { Notification } from '../../src/model/notifier.js'
import type { Source } from '../../src/model/source.js'
import { machine, recorder, startAgent } from '../support/memory-agent.js'
import { memoryProject } from '../support/memory-project.js'
import { agentOf, configOf, outcomeKind, service } from '../support/memory-world.js'
import { policyOf } from '../support/version-policy.js'

const team = { name: 'team', driver: { type: 'fake' } } as const
const allEvents = [
  'started',
  'succeeded',
  'failed',
  'stuck',
  'available',
  'held',
  'drift',
  'recovered',
] as const
const web = (agent: Partial<AgentConfig> = {}, more: Parameters<typeof configOf>[1] = {}) =>
  configOf([service('web')], {
    agent: agentOf(agent),
    notifiers: [{ ...team, events: allEvents }],
    ...more,
  })
const poll = 12_000
const hour = 3_600_000

function telling() {
  const told: Notification[] = []
  return { told, events: () => told.map(({ event }) => event), notifier: () => recorder(told) }
}

describe('by itself', () => {
  test('deploys what deploy.yaml asks for, then each new release, and is known by its name', async () => {
    const project = memoryProject(web())
    const agent = await startAgent(project, machine())
    expect(project.serves('web')).toBe('1.0.0')
    project.offer('1.0.0', '1.1.0')
    await agent.pass(poll)
    expect(project.serves('web')).toBe('1.1.0')
    expect(project.state().written.by).toBe('agent@desk')
    expect(await agent.stop()).toBe('stopped')
  })

  test('does nothing and says nothing while nothing happens', async () => {
    const project = memoryProject(web())
    const agent = await startAgent(project, machine())
    await agent.pass(poll)
    const { serial } = project.state()
    const before = agent.lines.length
    await agent.pass(100 * poll)
    expect(agent.lines.slice(before)).toEqual([])
    expect(project.state().serial).toBe(serial)
    expect(project.disk.locked).toBe(false)
    await agent.stop()
  })

  test('puts drift right within one interval', async () => {
    const project = memoryProject(web())
    const agent = await startAgent(project, machine())
    project.ground.place('web').routed.clear()
    await agent.pass(poll)
    expect(project.serves('web')).toBe('1.0.0')
    await agent.stop()
  })

  test.each(['notify', 'off'] as const)(
    'leaves drift with repair: %s, and tells it only then',
    async (repair) => {
      const project = memoryProject(web({ repair }))
      const { events, notifier } = telling()
      const agent = await startAgent(project, machine(), () => ({ notifier }))
      project.ground.place('web').routed.clear()
      await agent.pass(20 * poll)
      expect(project.serves('web')).toBe(null)
      expect(events().filter((event) => event === 'drift')).toHaveLength(repair === 'notify' ? 1 : 0)
      project.offer('1.1.0')
      await agent.pass(poll)
      expect(project.serves('web')).toBe('1.1.0')
      await agent.stop()
    },
  )

  test('leaves a deployment to whoever holds the lock, and says so once', async () => {
    const project = memoryProject(web())
    project.disk.locked = true
    const agent = await startAgent(project, machine())
    await agent.pass(10 * poll)
    expect(agent.said().filter((msg) => msg.startsWith('not now'))).toHaveLength(1)
    project.disk.locked = false
    await agent.pass(poll)
    expect(project.serves('web')).toBe('1.0.0')
    await agent.stop()
  })

  test('takes a service down that deploy.yaml no longer has only with a person', async () => {
    const project = memoryProject(configOf([service('api'), service('web')], { agent: agentOf() }))
    await project.apply()
    project.configure(web())
    const agent = await startAgent(project, machine())
    await agent.pass(poll)
    const plan = await project.useCases().planRelease({ services: [] }, new AbortController().signal)
    const isIrreversible = plan.steps.some((step) => step.risks.some(({ kind }) => kind === 'irreversible'))
    expect(project.serves('api')).toBe(isIrreversible ? '1.0.0' : null)
    await agent.stop()
  })
})

describe('a source that cannot be asked', () => {
  const down = (): Source => ({
    versions: () => Promise.reject(new DeployError('SOURCE_UNREACHABLE', 'no answer')),
    resolve: () => Promise.reject(new DeployError('SOURCE_UNREACHABLE', 'no answer')),
    fetch: () => Promise.reject(new Error('unused')),
  })

  test('at the start, stops nothing that runs; drift is still put right; it is said once, and once when it is over', async () => {
    const project = memoryProject(web())
    await project.apply()
    project.offer('1.0.0', '1.1.0')
    let isDown = true
    const { events, notifier } = telling()
    const agent = await startAgent(project, machine(), (base) => ({
      notifier,
      source: (name, spec) => (isDown ? down() : base.source(name, spec)),
    }))
    project.ground.place('web').routed.clear()
    await agent.pass(hour)
    expect(project.serves('web')).toBe('1.0.0')
    expect(agent.said().filter((msg) => msg.includes('cannot be asked, and'))).toHaveLength(1)
    expect(agent.agent.snapshot().outages).toMatchObject([{ source: 'main', message: 'no answer' }])
    isDown = false
    await agent.pass(6 * 60_000)
    expect(project.serves('web')).toBe('1.1.0')
    expect(events().filter((event) => event === 'recovered')).toHaveLength(1)
    expect(agent.agent.snapshot().outages).toEqual([])
    await agent.stop()
  })

  test('is asked ever less often, and the others at their own times', async () => {
    const asked: string[] = []
    const project = memoryProject(
      configOf([service('web'), service('api', { source: 'other' })], {
        sources: { main: { type: 'fake' }, other: { type: 'fake' } },
        agent: agentOf({ intervalsMs: { main: 10_000, other: 30_000 } }),
      }),
    )
    const agent = await startAgent(project, machine(), (base) => ({
      source(name, spec) {
        asked.push(name)
        return name === 'main' ? down() : base.source(name, spec)
      },
    }))
    await agent.pass(hour)
    const main = asked.filter((name) => name === 'main').length
    const other = asked.filter((name) => name === 'other').length
    expect(main).toBeLessThan(25)
    expect(other).toBeGreaterThan(110)
    expect(other).toBeLessThan(140)
    expect(project.serves('api')).toBe('1.0.0')
    await agent.stop()
  })
})

test('a source that hangs, from the start, holds up neither the others nor repairs, and its answer is taken when it comes', async () => {
  const sources = { main: { type: 'fake' }, other: { type: 'fake' } }
  const services = [service('web'), service('api', { source: 'other' })]
  const agentConfig = agentOf({ intervalsMs: { main: 10_000, other: 10_000 } })
  const project = memoryProject(configOf(services, { sources, agent: agentConfig }))
  await project.apply(['web'])
  project.offer('1.0.0', '1.1.0')
  let questions = 0
  let answer = (): void => undefined
  const late = new Promise<void>((resolve) => (answer = resolve))
  const agent = await startAgent(project, machine(), (base) => ({
    source: (name, spec) => ({
      ...base.source(name, spec),
      versions: async (signal, needs) => {
        if (name === 'main') questions++
        if (name === 'main') await late
        return base.source(name, spec).versions(signal, needs)
      },
    }),
  }))
  project.ground.place('web').routed.clear()
  await agent.pass(6000)
  expect([project.serves('web'), project.serves('api')]).toEqual(['1.0.0', '1.1.0'])
  project.ground.place('web').routed.clear()
  await agent.pass(poll)
  expect(project.serves('web')).toBe('1.0.0')
  await agent.pass(10 * poll)
  expect(questions).toBe(1)
  expect(agent.said().filter((msg) => msg.includes('takes long'))).toHaveLength(1)
  answer()
  await agent.pass(poll)
  expect(project.serves('web')).toBe('1.1.0')
  await agent.stop()
})

describe('a release that fails', () => {
  test('is tried three times, ever later, with one notification, and then stays held, also for the next agent', async () => {
    const project = memoryProject(web())
    await project.apply()
    project.offer('1.0.0', '1.1.0')
    project.health.sick('1.1.0')
    const { told, events, notifier } = telling()
    const own = machine()
    let agent = await startAgent(project, own, () => ({ notifier }))
    await agent.pass(30 * poll)
    await agent.stop()
    agent = await startAgent(project, own, () => ({ notifier }))
    await agent.pass(5 * hour)
    expect(project.ground.log.filter((line) => line.startsWith('start web 1.1.0'))).toHaveLength(3)
    expect(events().filter((event) => event === 'failed')).toHaveLength(1)
    expect(events().filter((event) => event === 'held')).toHaveLength(1)
    expect(told.find(({ event }) => event === 'held')?.note).toContain(
      'web v1.1.0 failed 3 times and is held',
    )
    expect(project.serves('web')).toBe('1.0.0')
    expect(project.state().services['web']?.holds).toMatchObject([{ version: '1.1.0', tries: 3 }])
    await agent.stop()
  })

  test('and is well at the second try is deployed', async () => {
    const project = memoryProject(web())
    await project.apply()
    project.offer('1.0.0', '1.1.0')
    project.health.sick('1.1.0')
    const agent = await startAgent(project, machine())
    await agent.pass(poll)
    expect(project.serves('web')).toBe('1.0.0')
    project.health.wellAgain()
    await agent.pass(2 * 60_000)
    expect(project.serves('web')).toBe('1.0.0')
    await agent.pass(5 * 60_000)
    expect(project.serves('web')).toBe('1.1.0')
    expect(project.state().services['web']?.holds).toEqual([])
    await agent.stop()
  })

  test('is deployed at once when it is published again with other content, or when a newer one comes', async () => {
    const project = memoryProject(web())
    await project.apply()
    project.offer('1.0.0', '1.1.0')
    project.health.sick('1.1.0')
    let content = '1.1.0'
    const agent = await startAgent(project, machine(), (base) => ({
      source(name, spec) {
        const source = base.source(name, spec)
        return {
          ...source,
          async resolve(version, signal) {
            const release = await source.resolve(version, signal)
            return version === '1.1.0' ? { ...release, digest: sha256(content) } : release
          },
        }
      },
    }))
    await agent.pass(poll)
    expect(project.serves('web')).toBe('1.0.0')
    project.health.wellAgain()
    content = '1.1.0, mended'
    await agent.pass(poll)
    expect(project.serves('web')).toBe('1.1.0')
    expect(project.state().services['web']?.active.release.digest).toBe(sha256(content))
    await agent.stop()
  })

  test('for a reason that is not its own is tried ever less often for as long as it takes, and told once', async () => {
    const project = memoryProject(web())
    await project.apply()
    project.offer('1.0.0', '1.1.0')
    let isFull = true
    let tries = 0
    const { events, notifier } = telling()
    const agent = await startAgent(project, machine(), (base) => ({
      notifier,
      target(spec, place) {
        const target = base.target(spec, place)
        return {
          ...target,
          claim(request, signal) {
            tries++
            if (isFull) return Promise.reject(new DeployError('DISK_FULL', 'no room'))
            return target.claim(request, signal)
          },
        }
      },
    }))
    await agent.pass(4 * hour)
    expect(tries).toBeGreaterThan(5)
    expect(tries).toBeLessThan(15)
    expect(events().filter((event) => event === 'failed')).toHaveLength(1)
    expect(project.state().services['web']?.holds).toEqual([])
    isFull = false
    await agent.pass(hour)
    expect(project.serves('web')).toBe('1.1.0')
    await agent.stop()
  })
})

describe("a person's word", () => {
  test('a rollback by hand survives twenty polls and a new agent, until it is unpinned', async () => {
    const project = memoryProject(web())
    await project.apply()
    project.offer('1.0.0', '1.1.0')
    const own = machine()
    let agent = await startAgent(project, own)
    await agent.pass(poll)
    expect(project.serves('web')).toBe('1.1.0')
    expect(outcomeKind(await project.rollBack())).toBe('applied')
    await agent.pass(20 * poll)
    await agent.stop()
    agent = await startAgent(project, own)
    await agent.pass(20 * poll)
    expect(project.serves('web')).toBe('1.0.0')
    expect(agent.agent.snapshot().decisions[0]?.reason).toContain('pinned at v1.0.0 by ada@desk')
    await project.useCases().unpin('web')
    await agent.pass(poll)
    expect(project.serves('web')).toBe('1.1.0')
    await agent.stop()
  })

  test('a hold keeps a release from being deployed, before and after; unhold lets it go', async () => {
    const project = memoryProject(web())
    await project.apply()
    project.offer('1.0.0', '1.1.0')
    const signal = new AbortController().signal
    await project.useCases().hold('web', 'v1.1.0', 'breaks the import', signal)
    const agent = await startAgent(project, machine())
    await agent.pass(5 * hour)
    expect(project.serves('web')).toBe('1.0.0')
    expect(agent.said().filter((msg) => msg.includes('breaks the import'))).toHaveLength(1)
    expect(await project.useCases().unhold('web', '1.1.0')).toMatchObject([{ cause: 'person' }])
    await agent.pass(poll)
    expect(project.serves('web')).toBe('1.1.0')
    await project.useCases().hold('web', null, 'looks odd', signal)
    await agent.pass(20 * poll)
    expect(project.serves('web')).toBe('1.1.0')
    await expect(project.useCases().unhold('web', '9.9.9')).rejects.toMatchObject({ code: 'USAGE' })
    await agent.stop()
  })

  test('a freeze stops releases, not repairs nor people, and thaws by itself', async () => {
    const project = memoryProject(web())
    const own = machine()
    await project.apply()
    project.at(new Date(own.nowMs).toISOString())
    await project.useCases().freeze('sale week', new Date(own.nowMs + 2 * hour))
    project.offer('1.0.0', '1.1.0')
    const agent = await startAgent(project, own)
    project.ground.place('web').routed.clear()
    await agent.pass(hour)
    expect(project.serves('web')).toBe('1.0.0')
    expect(agent.said().filter((msg) => msg.includes('frozen until'))).toHaveLength(1)
    const byHand = await project.apply()
    expect(outcomeKind(byHand)).toBe('applied')
    expect(byHand.plan.notices.map(({ message }) => message)).toContainEqual(
      expect.stringContaining('staging is frozen'),
    )
    expect(project.state().freeze?.reason).toBe('sale week')
    project.offer('1.0.0', '1.1.0', '1.2.0')
    await agent.pass(2 * hour)
    expect(project.serves('web')).toBe('1.2.0')
    await agent.stop()
  })

  test('a pause stops everything and is kept by the next agent', async () => {
    const project = memoryProject(web())
    const own = machine()
    let agent = await startAgent(project, own)
    await agent.agent.pause({ by: 'ada@desk', reason: 'database move' })
    project.offer('1.1.0')
    await agent.pass(hour)
    await agent.stop()
    agent = await startAgent(project, own)
    await agent.pass(hour)
    expect(project.serves('web')).toBe('1.0.0')
    await agent.agent.resume()
    await agent.pass(poll)
    expect(project.serves('web')).toBe('1.1.0')
    await agent.stop()
  })

  test('mode: notify tells once what waits, and deploys nothing but repairs', async () => {
    const project = memoryProject(web({ mode: 'notify' }))
    await project.apply()
    project.offer('1.0.0', '1.1.0')
    const { told, notifier } = telling()
    const agent = await startAgent(project, machine(), () => ({ notifier }))
    project.ground.place('web').routed.clear()
    await agent.pass(50 * poll)
    expect(project.serves('web')).toBe('1.0.0')
    const waiting = told.filter(({ event }) => event === 'available')
    expect(waiting.map(({ note }) => note)).toEqual([expect.stringContaining('web v1.1.0')])
    await agent.stop()
  })
})

test('a release that is too young waits until it is old enough, and that is said once', async () => {
  const policy = policyOf({ minAgeMs: hour })
  const project = memoryProject(configOf([service('web', { policy })], { agent: agentOf() }))
  const own = machine('2026-01-05T10:00:00Z')
  const at = (iso: string) =>
    new Date(own.nowMs + Date.parse(iso) - Date.parse('2026-01-05T10:00:00Z')).toISOString()
  project.offer({ version: '1.0.0', publishedAt: at('2026-01-01T00:00:00Z') })
  const agent = await startAgent(project, own)
  expect(project.serves('web')).toBe('1.0.0')
  project.offer(
    { version: '1.0.0', publishedAt: at('2026-01-01T00:00:00Z') },
    { version: '1.1.0', publishedAt: at('2026-01-05T09:50:00Z') },
  )
  await agent.pass(49 * 60_000)
  expect(project.serves('web')).toBe('1.0.0')
  expect(agent.said().filter((msg) => msg.includes('1.1.0'))).toHaveLength(1)
  await agent.pass(2 * 60_000)
  expect(project.serves('web')).toBe('1.1.0')
  await agent.stop()
})

test('nothing is deployed outside the windows, and all is at the beginning of one', async () => {
  const window = { days: ['tue'], fromMinute: 540, toMinute: 1020, timeZone: 'Europe/Berlin' } as const
  const project = memoryProject(web({ windows: [window] }))
  await project.apply()
  project.offer('1.0.0', '1.1.0')
  // Monday, 11 o'clock in Berlin
  const agent = await startAgent(project, machine('2026-01-05T10:00:00Z'))
  await agent.pass(21 * hour + 59 * 60_000)
  expect(project.serves('web')).toBe('1.0.0')
  expect(agent.said().filter((msg) => msg.includes('outside its windows'))).toHaveLength(1)
  await agent.pass(2 * 60_000)
  expect(project.serves('web')).toBe('1.1.0')
  await agent.stop()
})

describe('notifications', () => {
  test('wait for a notifier that is down, over a restart, and are delivered in their order', async () => {
    const project = memoryProject(web())
    await project.apply()
    const told: Notification[] = []
    let isDown = true
    const notifier = () => recorder(told, () => isDown)
    const own = machine()
    let agent = await startAgent(project, own, () => ({ notifier }))
    project.offer('1.1.0')
    await agent.pass(poll)
    project.offer('1.1.0', '1.2.0')
    await agent.pass(10 * 60_000)
    expect(agent.agent.snapshot().undelivered).toBe(4)
    await agent.stop()
    agent = await startAgent(project, own, () => ({ notifier }))
    isDown = false
    await agent.pass(20 * 60_000)
    expect(told.map(({ event, services }) => `${event} ${services[0]?.after}`)).toEqual([
      'started 1.1.0',
      'succeeded 1.1.0',
      'started 1.2.0',
      'succeeded 1.2.0',
    ])
    expect(agent.agent.snapshot().undelivered).toBe(0)
    await agent.stop()
  })
})

test('polls stay even over a thousand of them: one question each, and nothing is kept', async () => {
  let questions = 0
  const project = memoryProject(web())
  const agent = await startAgent(project, machine(), (base) => ({
    source(name, spec) {
      const source = base.source(name, spec)
      return {
        ...source,
        versions: (signal, needs) => {
          questions++
          return source.versions(signal, needs)
        },
      }
    },
  }))
  await agent.pass(poll)
  const before = questions
  await agent.pass(1000 * 10_000)
  expect(questions - before).toBeGreaterThan(950)
  expect(questions - before).toBeLessThan(1050)
  expect(agent.agent.logs().length).toBeLessThan(30)
  await agent.stop()
})

test('metrics count what was started again by whoever keeps it up, and leave out what cannot be asked', async () => {
  const project = memoryProject(configOf([service('web'), service('api')], { agent: agentOf() }))
  let isGone = false
  const agent = await startAgent(project, machine(), (base) => ({
    target: (spec, place) => ({
      ...base.target(spec, place),
      reach: () =>
        isGone && place.service === 'api'
          ? Promise.reject(new Error('the engine is gone'))
          : Promise.resolve({
              address: null,
              ended: null,
              health: 'none',
              restarts: 3,
              run: () => Promise.reject(new Error('unused')),
            }),
    }),
  }))
  isGone = true
  const lines = (await agent.agent.metrics()).split('\n')
  expect(lines.filter((line) => line.startsWith('deployctl_process_restarts'))).toEqual([
    'deployctl_process_restarts{service="web"} 3',
  ])
  expect(lines).toContain('deployctl_paused 0')
  await agent.stop()
})
