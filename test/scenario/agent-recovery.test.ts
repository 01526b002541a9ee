/** The agent is killed at every write of a deployment: the next one ends it by itself, the way that deploy.yaml prefers. */
import { describe, expect, test } from 'vitest'
import type { AgentConfig } from '../../src/model/agent.js'
import { machine, startAgent } from '../support/memory-agent.js'
import { memoryProject } from '../support/memory-project.js'
import type { MemoryStore } from '../support/memory-store.js'
import { agentOf, configOf, hook, service } from '../support/memory-world.js'

const configured = (recover: AgentConfig['recover']) =>
  configOf([service('api'), service('web', { dependsOn: ['api'] })], {
    agent: agentOf({ recover }),
    hooks: [hook('migrate', 'x', { service: 'api' })],
  })
const minute = 60_000

/** A project on which v1.0.0 serves and v1.1.0 is there. */
async function prepared(recover: AgentConfig['recover']) {
  const project = memoryProject(configured(recover))
  await project.apply()
  project.offer('1.0.0', '1.1.0')
  return project
}

async function writesOfUpgrade(): Promise<number> {
  const project = await prepared('resume')
  const store = project.world().store
  const agent = await startAgent(project, machine(), () => ({ store }))
  await agent.pass(minute)
  expect(project.serves('web')).toBe('1.1.0')
  await agent.stop()
  return store.writes()
}

describe.each(['resume', 'unwind'] as const)('recover: %s', (recover) => {
  test('whenever it was killed, all is v1.1.0 in the end, nothing is half done and nobody was asked', async () => {
    const writes = await writesOfUpgrade()
    expect(writes).toBeGreaterThan(15)
    const directions = new Set<string>()
    for (let write = 0; write < writes; write++) {
      const project = await prepared(recover)
      const store: MemoryStore = project.world().store
      const own = machine()
      store.cutAfter(write)
      const killed = await startAgent(project, own, () => ({ store, randomHex: idsOf(own, 'a') }))
      await killed.pass(minute)
      // its process is gone, and the kernel has let go of its lock
      project.disk.locked = false
      const next = await startAgent(project, own, () => ({ randomHex: idsOf(own, 'b') }))
      await next.pass(3 * minute)
      for (const line of next.said()) if (line.startsWith('recovered by')) directions.add(line)
      const where = `killed at write ${write} of ${writes}`
      expect([...(await project.world().store.unfinished('staging'))], where).toEqual([])
      expect(project.serves('web'), where).toBe('1.1.0')
      expect(project.serves('api'), where).toBe('1.1.0')
      expect(project.state().services['web']?.holds, where).toEqual([])
      await next.stop()
    }
    const first = recover === 'resume' ? 'recovered by resume: applied' : 'recovered by unwind: unwound'
    expect([...directions]).toContain(first)
  })
})

function idsOf(own: { ids: number }, prefix: string) {
  return (digits: number) => (++own.ids).toString(16).padStart(digits, prefix)
}
