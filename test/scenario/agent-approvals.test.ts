/** `mode: approve`: what the agent finds waits for a person's word, from any shell, said once and kept over a restart. */
import { expect, test } from 'vitest'
import { DeployError } from '../../src/base/deploy-error.js'
import type { World } from '../../src/app/world.js'
import { sha256 } from '../../src/base/hash.js'
import type { AgentConfig } from '../../src/model/agent.js'
import type { Notification } from '../../src/model/notifier.js'
import { machine, recorder, startAgent } from '../support/memory-agent.js'
import { memoryProject, never } from '../support/memory-project.js'
import { agentOf, configOf, service } from '../support/memory-world.js'

const poll = 12_000
const approving = (agent: Partial<AgentConfig> = {}, names: readonly string[] = ['web']) =>
  configOf(
    names.map((name) => service(name)),
    {
      agent: agentOf({ mode: 'approve', ...agent }),
      notifiers: [{ name: 'team', driver: { type: 'fake' }, events: ['waiting', 'succeeded', 'failed'] }],
    },
  )

async function scene(agent: Partial<AgentConfig> = {}, names?: readonly string[]) {
  const project = memoryProject(approving(agent, names))
  await project.apply()
  const told: Notification[] = []
  const own = machine()
  return {
    project,
    start: (changes: (base: World) => Partial<World> = () => ({})) =>
      startAgent(project, own, (base) => ({ notifier: () => recorder(told), ...changes(base) })),
    events: () => told.map(({ event, services, note }) => note ?? `${event} ${services[0]?.after}`),
    approve: (what: string | null = null) =>
      project.useCases().approve({ deployment: what, step: null, reason: null }, never),
    waiting: async () =>
      (await project.useCases().showStatus(never)).approvals.map(
        ({ service: name, version, approvedBy }) => `${name} ${version} ${approvedBy}`,
      ),
  }
}

test('a release waits, is told once, also by the next agent, and is deployed once it is approved, with nobody running or somebody', async () => {
  const { project, start, events, approve, waiting } = await scene()
  project.offer('1.0.0', '1.1.0')
  let agent = await start()
  await agent.pass(20 * poll)
  expect(project.serves('web')).toBe('1.0.0')
  expect(await waiting()).toEqual(['web 1.1.0 null'])
  await agent.stop()
  agent = await start()
  await agent.pass(20 * poll)
  expect(events()).toEqual([
    expect.stringContaining('it waits for a person: deployctl approve web --env staging'),
  ])
  await agent.stop()
  expect(await approve('web')).toMatchObject({
    changes: [{ service: 'web', version: '1.1.0', isFirst: true }],
  })
  expect(await approve()).toMatchObject({ changes: [{ isFirst: false }] })
  expect(await waiting()).toEqual(['web 1.1.0 ada@desk'])
  agent = await start()
  await agent.pass(poll)
  expect(project.serves('web')).toBe('1.1.0')
  expect(agent.said().join('\n')).toContain('approved by ada@desk')
  await agent.pass(poll)
  expect(await waiting()).toEqual([])
  expect([...project.disk.marks.keys()]).toEqual([])
  await agent.stop()
})

test('an approval is of one change: a newer release waits anew, and the one before can no longer be approved', async () => {
  const { project, start, approve, waiting } = await scene({
    windows: [{ days: ['mon'], fromMinute: 610, toMinute: 640, timeZone: 'UTC' }],
  })
  project.offer('1.0.0', '1.1.0')
  const agent = await start()
  await agent.pass(poll)
  await approve(sha256('1.1.0').slice(0, 20))
  project.offer('1.0.0', '1.1.0', '1.2.0')
  await agent.pass(poll)
  expect(await waiting()).toEqual(['web 1.2.0 null'])
  expect(agent.said().join('\n')).toContain(
    'the approval of web v1.1.0 by ada@desk lapses: web v1.2.0 came in between',
  )
  await expect(approve(sha256('1.1.0'))).rejects.toThrow('waits to be approved')
  await approve('web')
  await agent.pass(poll)
  expect(project.serves('web')).toBe('1.0.0')
  await agent.pass(10 * 60_000)
  expect(project.serves('web')).toBe('1.2.0')
  await agent.stop()
})

test('a release that fails is held and its approval is spent; a hold takes away what waits', async () => {
  const { project, start, approve, waiting, events } = await scene()
  project.offer('1.0.0', '1.1.0')
  project.health.sick('1.1.0')
  const agent = await start()
  await agent.pass(poll)
  await approve('web')
  await agent.pass(60 * poll)
  expect(events().filter((event) => event.startsWith('failed'))).toHaveLength(1)
  expect(await waiting()).toEqual([])
  project.offer('1.0.0', '1.1.0', '1.2.0')
  await agent.pass(poll)
  expect(await waiting()).toEqual(['web 1.2.0 null'])
  await project.useCases().hold('web', '1.2.0', 'not this one', never)
  await agent.pass(poll)
  expect(await waiting()).toEqual([])
  expect(project.serves('web')).toBe('1.0.0')
  await agent.stop()
})

test('drift is put right without a word; several that wait have to be named; a running agent is told as well', async () => {
  const { project, start, approve, waiting } = await scene({}, ['api', 'web'])
  project.offer('1.0.0', '1.1.0')
  const agent = await start()
  await agent.pass(poll)
  project.ground.place('web').routed.clear()
  await agent.pass(poll)
  expect(project.serves('web')).toBe('1.0.0')
  await expect(approve()).rejects.toThrow('several services wait to be approved')
  await agent.agent.approve({ what: 'api', by: 'ben@desk', reason: null })
  await agent.pass(100)
  expect([project.serves('api'), project.serves('web')]).toEqual(['1.1.0', '1.0.0'])
  await approve(sha256('1.1.0'))
  await agent.pass(poll)
  expect(project.serves('web')).toBe('1.1.0')
  await agent.pass(poll)
  expect(await waiting()).toEqual([])
  await agent.stop()
})

test('a source that cannot be asked for a while takes nothing away that waits', async () => {
  const { project, start, approve, waiting } = await scene()
  project.offer('1.0.0', '1.1.0')
  let isDown = false
  const down = () => Promise.reject(new DeployError('SOURCE_UNREACHABLE', 'no answer'))
  const agent = await start((base) => ({
    source: (name, spec) =>
      isDown ? { versions: down, resolve: down, fetch: down } : base.source(name, spec),
  }))
  await agent.pass(poll)
  isDown = true
  await agent.pass(poll)
  await approve('web')
  expect(await waiting()).toEqual(['web 1.1.0 ada@desk'])
  isDown = false
  await agent.pass(10 * 60_000)
  expect(project.serves('web')).toBe('1.1.0')
  await agent.stop()
})
