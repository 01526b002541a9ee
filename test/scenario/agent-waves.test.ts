/** Agents of several hosts with one lease, poll by poll: canaries first, so many at once, and nobody after a failure. */
import { expect, test } from 'vitest'
import type { WavesConfig } from '../../src/model/agent.js'
import { machine, startAgent, type MemoryAgent } from '../support/memory-agent.js'
import { memoryLease } from '../support/memory-lease.js'
import { memoryProject } from '../support/memory-project.js'
import { agentOf, check, configOf, service } from '../support/memory-world.js'

const poll = 12_000

/** Three hosts, each with a project, a state and a clock of its own. */
async function fleet(changes: Partial<WavesConfig> = {}, checkDeadlineMs = 10_000) {
  const lease = memoryLease()
  const names = ['app-1', 'app-2', 'app-3'] as const
  const hosts = await Promise.all(
    names.map(async (host, index) => {
      const waves = {
        lease: { type: 'fake' },
        maxParallel: 1,
        canaries: [],
        soakMs: 0,
        expiryMs: 60_000,
        ...changes,
      }
      const project = memoryProject(
        configOf([service('web', { checks: [{ ...check, deadlineMs: checkDeadlineMs }] })], {
          agent: agentOf({ waves: { ...waves, host } }),
        }),
      )
      await project.apply()
      return { host, project, own: machine(`2026-01-0${index + 1}T00:00:00Z`) }
    }),
  )
  const agents: MemoryAgent[] = []
  const starting = hosts.map(async ({ project, own, host }) => {
    const ids = (digits: number) => `${host}-${++own.ids}`.padStart(digits, 'a')
    agents.push(await startAgent(project, own, () => ({ lease: () => lease, randomHex: ids })))
  })
  await Promise.all(starting)
  return {
    lease,
    hosts,
    agents,
    offer: (...versions: string[]) => hosts.forEach(({ project }) => project.offer(...versions)),
    serve: () => hosts.map(({ project }) => project.serves('web')),
    /** For those that are dead it stands still. */
    async pass(ms: number, living: readonly MemoryAgent[] = agents) {
      for (let passed = 0; passed < ms; passed += 2000)
        await Promise.all(living.map((agent) => agent.pass(2000)))
    },
    stop: () => Promise.all(agents.map((agent) => agent.stop())),
  }
}

test('a release goes to all hosts, and the board is empty again', async () => {
  const all = await fleet()
  all.offer('1.0.0', '1.1.0')
  await all.pass(6 * poll)
  expect(all.serve()).toEqual(['1.1.0', '1.1.0', '1.1.0'])
  expect(JSON.parse(all.lease.text ?? '')).toMatchObject({ slots: [] })
  await all.stop()
})

test('the others wait until it has soaked on the canary, and say so once', async () => {
  const all = await fleet({ canaries: ['app-2'], soakMs: 5 * 60_000 })
  all.offer('1.0.0', '1.1.0')
  await all.pass(4 * 60_000)
  expect(all.serve()).toEqual(['1.0.0', '1.1.0', '1.0.0'])
  const waits = all.agents.map(
    (agent) => agent.said().filter((msg) => msg.includes('well on app-2 first')).length,
  )
  expect([...waits].sort()).toEqual([0, 1, 1])
  expect(all.agents.map(({ agent }) => agent.snapshot().waves?.isCanary).filter(Boolean)).toHaveLength(1)
  await all.pass(3 * 60_000)
  expect(all.serve()).toEqual(['1.1.0', '1.1.0', '1.1.0'])
  await all.stop()
})

test('a failing canary leaves the others untouched; drift on them is put right all the same; a newer release frees them', async () => {
  const all = await fleet({ canaries: ['app-1'] })
  all.offer('1.0.0', '1.1.0')
  all.hosts[0]!.project.health.sick('1.1.0')
  const others = all.hosts.slice(1).map(({ project }) => project)
  const serials = others.map((project) => project.state().serial)
  await all.pass(10 * 60_000)
  expect(all.serve()).toEqual(['1.0.0', '1.0.0', '1.0.0'])
  expect(others.map((project) => project.state().serial)).toEqual(serials)
  others[0]!.ground.place('web').routed.clear()
  await all.pass(poll)
  expect(all.serve()).toEqual(['1.0.0', '1.0.0', '1.0.0'])
  all.offer('1.0.0', '1.1.0', '1.2.0')
  await all.pass(6 * poll)
  expect(all.serve()).toEqual(['1.2.0', '1.2.0', '1.2.0'])
  await all.stop()
})

test('without canaries a release that fails somewhere is begun nowhere else, until its hold is lifted there', async () => {
  const all = await fleet()
  for (const { project } of all.hosts) project.health.sick('1.1.0')
  all.offer('1.0.0', '1.1.0')
  await all.pass(10 * poll)
  const tried = all.hosts.filter(({ project }) => (project.state().services['web']?.holds.length ?? 0) > 0)
  expect(tried).toHaveLength(1)
  for (const { project } of all.hosts) project.health.wellAgain()
  await tried[0]!.project.useCases().unhold('web', '1.1.0')
  await all.pass(6 * poll)
  expect(all.serve()).toEqual(['1.1.0', '1.1.0', '1.1.0'])
  await all.stop()
})

test('while the lease does not answer nothing is begun, and what runs goes on; afterwards all go on by themselves', async () => {
  const all = await fleet()
  all.lease.isDown = true
  all.offer('1.0.0', '1.1.0')
  await all.pass(10 * poll)
  expect(all.serve()).toEqual(['1.0.0', '1.0.0', '1.0.0'])
  for (const agent of all.agents)
    expect(agent.said().filter((msg) => msg.includes('lease of the agents cannot be used'))).toHaveLength(1)
  all.lease.isDown = false
  await all.pass(8 * poll)
  expect(all.serve()).toEqual(['1.1.0', '1.1.0', '1.1.0'])
  await all.stop()
})

test('a host that can no longer renew its slot goes back in time, holds nothing against the release, and tries again', async () => {
  const all = await fleet({}, 300_000)
  all.hosts[0]!.project.health.sick('1.1.0')
  all.hosts[0]!.project.offer('1.0.0', '1.1.0')
  await all.pass(poll)
  expect(all.agents.filter(({ agent }) => agent.snapshot().running !== null)).toHaveLength(1)
  all.lease.isDown = true
  await all.pass(45_000)
  expect(all.agents.filter(({ agent }) => agent.snapshot().running !== null)).toHaveLength(0)
  expect(all.serve()).toEqual(['1.0.0', '1.0.0', '1.0.0'])
  expect(all.hosts[0]!.project.state().services['web']?.holds).toEqual([])
  all.lease.isDown = false
  all.hosts[0]!.project.health.wellAgain()
  await all.pass(10 * poll)
  expect(all.serve()).toEqual(['1.1.0', '1.0.0', '1.0.0'])
  await all.stop()
})

test('a host that dies while it deploys is waited for as long as its slot lasts, and no longer', async () => {
  const all = await fleet({}, 300_000)
  const [first, ...others] = all.agents
  all.hosts[0]!.project.health.sick('1.1.0')
  all.offer('1.0.0', '1.1.0')
  await all.pass(poll, [first!])
  expect(first!.agent.snapshot().running).not.toBe(null)
  await all.pass(50_000, others)
  expect(all.serve().slice(1)).toEqual(['1.0.0', '1.0.0'])
  await all.pass(4 * poll, others)
  expect(all.serve().slice(1)).toEqual(['1.1.0', '1.1.0'])
  await Promise.all(others.map((agent) => agent.stop()))
})
