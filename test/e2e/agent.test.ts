/** The built agent over the directory target: it deploys, is killed at any moment, and what runs is not touched by that. */
import { readFile, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { agentChild, type AgentChild } from '../support/agent-child.js'
import { deployctl } from '../support/built-cli.js'
import { tinyProject, tinyYaml, type TinyProject } from '../support/tiny-project.js'

const yaml = tinyYaml({ deadline: '1s', agent: '{ interval: 1s, retry: { tries: 2, delay: 2s } }' })
let project: TinyProject
let agents: AgentChild[]
beforeEach(async () => {
  project = await tinyProject(yaml)
  agents = []
})
afterEach(async () => {
  for (const { child } of agents) child.kill('SIGKILL')
  await project.remove()
})

function start(env?: Record<string, string>): AgentChild {
  const agent = agentChild(project.folder, env)
  agents.push(agent)
  return agent
}
const run = (...words: string[]) => deployctl(words, { directory: project.folder })
const serving = () => readFile(join(project.target, 'shared', 'data', 'serving'), 'utf8').catch(() => null)

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (let waitedMs = 0; waitedMs < 60_000; waitedMs += 50) {
    if (await isSo()) return
    await sleep(50)
  }
  throw new Error(`it never came to this: ${what}`)
}
const serves = (version: string) =>
  until(`v${version} serves`, async () => (await serving()) === `page of ${version}\n`)

test(
  'deploys each release, passes over a bad one after its tries, puts drift right, and ends in order',
  { timeout: 120_000 },
  async () => {
    const agent = start()
    await serves('1.0.0')
    await project.release('1.1.0')
    await serves('1.1.0')
    await project.release('1.2.0', { 'check.sh': 'exit 1\n' })
    await agent.line('web v1.2.0 failed 2 times and is held')
    await serves('1.1.0')
    expect((await run('status')).stdout).toContain('web v1.2.0 is held')

    const current = join(project.target, 'current')
    await unlink(current)
    await symlink('releases', current)
    await agent.line('is to be put right')
    await until('the link is back', async () => !(await run('status')).stdout.includes('drift'))

    const second = await run('agent')
    expect(second).toMatchObject({ code: 4 })
    expect(second.stderr).toContain('runs already')
    expect((await run('agent', 'status')).stdout).toContain('mode auto')
    expect((await run('agent', 'logs', '--log-format', 'text')).stdout).toContain('web v1.1.0 is deployed')
    expect(await agent.end('SIGTERM')).toBe(0)
    expect(await serving()).toBe('page of 1.1.0\n')
    const check = await run('agent', 'check')
    expect(check).toMatchObject({ code: 0 })
    expect(check.stdout).toContain('web v1.1.0 stays: web v1.2.0 is held')
    expect(check.stderr).toContain('No agent runs here')
    const logs = await run('agent', 'logs', '--follow', '--log-format', 'text')
    expect(logs.stdout).toContain('web v1.1.0 is deployed')
    expect(logs.stdout).toContain('the agent ends')
    expect(logs.stderr).toContain('this is what the last one said')
    expect(await run('agent', 'reload')).toMatchObject({ code: 1 })
  },
)

test(
  'with its source gone and itself killed and started again, what runs is left as it is',
  { timeout: 120_000 },
  async () => {
    const first = start()
    await first.line('web v1.0.0 is deployed')
    await rename(join(project.folder, 'releases'), join(project.folder, 'away'))
    await first.line('cannot be asked')
    const history = (await run('history', '--json')).stdout
    expect(await first.end('SIGKILL')).toBe('SIGKILL')
    const second = start()
    await second.line('cannot be asked')
    await sleep(2500)
    expect(await serving()).toBe('page of 1.0.0\n')
    expect(withoutTime((await run('history', '--json')).stdout)).toBe(withoutTime(history))
    await rename(join(project.folder, 'away'), join(project.folder, 'releases'))
    await second.line('answers again')
    expect(await second.end('SIGTERM')).toBe(0)
  },
)

const withoutTime = (lines: string) => lines.replaceAll(/"@timestamp":"[^"]*"/g, '')

test(
  'a TERM in the middle of a deployment undoes it; a pause is kept by the next agent',
  { timeout: 120_000 },
  async () => {
    const agent = start()
    await agent.line('web v1.0.0 is deployed')
    await project.release('1.1.0', { 'restart.sh': 'echo half > data/serving; sleep 60 & wait\n' })
    await until('it is half done', async () => (await serving()) === 'half\n')
    expect(await agent.end('SIGTERM')).toBe(0)
    expect(await serving()).toBe('page of 1.0.0\n')
    expect((await run('agent', 'pause', '--reason', 'look at it')).stdout).toContain(
      'the next one starts paused',
    )
    await rm(join(project.folder, 'releases', 'v1.1.0'), { recursive: true })
    await project.release('1.2.0')
    const next = start()
    await next.line('paused by')
    await sleep(2000)
    expect(await serving()).toBe('page of 1.0.0\n')
    expect((await run('agent', 'resume')).stdout).toContain('goes on')
    await serves('1.2.0')
    expect(await next.end('SIGTERM')).toBe(0)
  },
)

test(
  'killed in the middle, the next agent ends what it began; a deploy.yaml that is wrong is refused at reload',
  { timeout: 120_000 },
  async () => {
    const first = start()
    await first.line('web v1.0.0 is deployed')
    await project.release('1.1.0', {
      'restart.sh':
        'echo half > data/serving; [ -e data/go ] || { touch data/go; sleep 60; }; cat page.txt > data/serving\n',
    })
    await until('it is half done', async () => (await serving()) === 'half\n')
    await first.end('SIGKILL')
    const next = start()
    await next.line('recovered by resume: applied')
    await serves('1.1.0')
    await writeFile(join(project.folder, 'deploy.yaml'), yaml.replace('source: web', 'source: wep'))
    expect(await run('agent', 'reload')).toMatchObject({ code: 3 })
    await project.release('1.2.0')
    await serves('1.2.0')
    await writeFile(join(project.folder, 'deploy.yaml'), `${yaml}x-note: other\n`)
    expect(await run('agent', 'reload')).toMatchObject({ code: 0 })
    await next.line('deploy.yaml is read again')
    expect(await next.end('SIGTERM')).toBe(0)
  },
)

test(
  'mode: approve waits for a word from another process, with the agent running or not',
  { timeout: 120_000 },
  async () => {
    await writeFile(join(project.folder, 'deploy.yaml'), yaml.replace('agent: {', 'agent: { mode: approve,'))
    const first = start()
    await first.line('web v1.0.0 waits')
    expect((await run('status')).stdout).toContain('web v1.0.0 waits to be approved')
    const said = await run('approve', 'web')
    expect(said).toMatchObject({ code: 0 })
    expect(said.stdout).toContain('web v1.0.0 is approved.\nThe agent looks now')
    await serves('1.0.0')
    await project.release('1.1.0')
    await first.line('web v1.1.0 waits')
    expect(await first.end('SIGTERM')).toBe(0)
    const { approvals } = JSON.parse(lastLine((await run('status', '--json')).stdout)) as {
      approvals: { digest: string }[]
    }
    expect((await run('approve', approvals[0]!.digest)).stdout).toContain('No agent runs here')
    expect(await run('approve', 'web')).toMatchObject({ code: 0 })
    const second = start()
    await serves('1.1.0')
    await second.line('web v1.1.0 is deployed')
    await until('nothing waits', async () => !(await run('status')).stdout.includes('approved'))
    expect(await run('approve', 'web')).toMatchObject({ code: 1 })
    expect(await second.end('SIGTERM')).toBe(0)
  },
)

const lastLine = (text: string) => text.trim().split('\n').at(-1) ?? ''
