/** The built agent over server mode: whatever becomes of the agent, the app answers, and is not started anew. */
import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { agentChild, type AgentChild } from '../support/agent-child.js'
import { get, goodApp, until } from '../support/process-bench.js'
import { processProject, processYaml, type ProcessProject } from '../support/process-project.js'

/** Says on standard error that it starts, and ends well. */
const tellingApp = (version: string) => `console.error('this is ${version}')\n${goodApp(version)}`
const agentYaml = 'agent: { interval: 1s, retry: { tries: 1 } }\n'
let project: ProcessProject
let agents: AgentChild[]
beforeEach(async () => {
  project = await processProject(agentYaml)
  agents = []
})
afterEach(async () => {
  for (const { child } of agents) child.kill('SIGKILL')
  await project.remove()
})

function start(): AgentChild {
  const agent = agentChild(project.folder)
  agents.push(agent)
  return agent
}
const history = async () => {
  const { stdout } = await project.run(['history', '--json'])
  return stdout.replaceAll(/"@timestamp":"[^"]*"/g, '')
}
const serves = (version: string) => until(async () => (await get(project.port)) === version, 2400)

test(
  'its source gone, the agent killed, started, reloaded and ended: the app answers all along, and nothing is started anew',
  { timeout: 120_000 },
  async () => {
    const first = start()
    await first.line('api v1.0.0 is deployed')
    const client = project.ask()
    const holder = await project.holder()
    const onlyTheFirst = await history()
    await rename(join(project.folder, 'releases'), join(project.folder, 'away'))
    await first.line('cannot be asked')
    expect(await first.end('SIGKILL')).toBe('SIGKILL')
    const second = start()
    await second.line('cannot be asked')
    await sleep(2500)
    await rename(join(project.folder, 'away'), join(project.folder, 'releases'))
    await second.line('answers again')
    await writeFile(
      join(project.folder, 'deploy.yaml'),
      `${processYaml(project.port, agentYaml)}x-note: other\n`,
    )
    expect(await project.run(['agent', 'reload'])).toMatchObject({ code: 0 })
    await second.line('deploy.yaml is read again')
    expect(await second.end('SIGTERM')).toBe(0)
    expect(await project.holder()).toEqual(holder)
    expect(await client.end()).toEqual([])
    expect(await history()).toBe(onlyTheFirst)
  },
)

test(
  'a release that never becomes well and one that falls over later leave the good one serving, without a hand',
  { timeout: 120_000 },
  async () => {
    const yaml = processYaml(project.port, agentYaml).replace(
      'settle:',
      'log: { agent: true }\n      settle:',
    )
    await writeFile(join(project.folder, 'deploy.yaml'), yaml)
    const agent = start()
    await serves('1.0.0')
    await project.release('1.1.0', tellingApp('1.1.0'))
    await serves('1.1.0')
    expect(await agent.line('this is 1.1.0')).toMatchObject({
      level: 'info',
      service: 'api',
      release: '1.1.0',
    })
    await project.release(
      '1.2.0',
      `import { createServer } from 'node:http'
      createServer((_, response) => { response.statusCode = 500; response.end('unwell') }).listen({ fd: 3 })`,
    )
    const client = project.ask()
    await agent.line('api v1.2.0 failed once and is held')
    expect(await client.end()).toEqual([])
    expect(await get(project.port)).toBe('1.1.0')
    // well for as long as anybody watches
    await project.release('1.3.0', `${goodApp('1.3.0')}; setTimeout(() => process.exit(1), 2500)`)
    await agent.line('api v1.3.0 is deployed')
    await serves('1.1.0')
    await agent.line('was given up: it ended 2 times within 1m')
    expect((await project.run(['status'])).stdout).toMatch(/serves\s+again/)
    await sleep(2000)
    expect(await get(project.port)).toBe('1.1.0')
    await project.release('1.4.0')
    await serves('1.4.0')
    await agent.line('api v1.4.0 is deployed')
    expect(await agent.end('SIGTERM')).toBe(0)
    expect(await get(project.port)).toBe('1.4.0')
  },
)

test('what is to end with the agent does, and starts with the next one', { timeout: 120_000 }, async () => {
  const yaml = processYaml(project.port, agentYaml).replace('settle:', 'endWithAgent: true\n      settle:')
  await writeFile(join(project.folder, 'deploy.yaml'), yaml)
  const first = start()
  await first.line('api v1.0.0 is deployed')
  expect(await first.end('SIGTERM')).toBe(0)
  await first.line('api has ended with the agent')
  expect(await get(project.port)).toBe('ECONNREFUSED')
  expect(await project.holder()).toBeNull()
  const second = start()
  await second.line('is to be put right')
  await second.line('api v1.0.0 is put right')
  // a machine that has just started has nothing of it either
  const holder = await project.holder()
  process.kill(holder?.pid ?? 0, 'SIGKILL')
  for (const { pid } of holder?.workers ?? []) process.kill(-pid, 'SIGKILL')
  await serves('1.0.0')
  expect(await second.end('SIGTERM')).toBe(0)
})

test(
  'a service that goes takes its sockets, its holder and its files along',
  { timeout: 120_000 },
  async () => {
    expect(await project.run(['apply', '--auto-approve'])).toMatchObject({ code: 0 })
    const yaml = processYaml(project.port).replace(
      /services:\n[^]*?environments:/,
      'services: {}\nenvironments:',
    )
    await writeFile(join(project.folder, 'deploy.yaml'), yaml)
    const gone = await project.run(['apply', '--auto-approve', '--allow', 'irreversible'])
    expect(gone).toMatchObject({ code: 0 })
    expect(await project.look()).toEqual({
      answer: 'ECONNREFUSED',
      current: '',
      releases: [],
      running: [],
      claims: [],
    })
    await rm(join(project.folder, 'srv')).catch((error: unknown) =>
      expect(error).toMatchObject({ code: 'ENOENT' }),
    )
  },
)
