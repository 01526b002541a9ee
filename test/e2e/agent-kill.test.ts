/**
 * The built agent is killed (SIGKILL) at every write of its journal during an upgrade: before it, in the middle of it or
 * after it, in turn. The next agent ends the deployment by itself, the way that deploy.yaml prefers, and the folder, the
 * state and the locks are exactly those of before or of after.
 */
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { agentChild } from '../support/agent-child.js'
import { deployctl } from '../support/built-cli.js'
import { migration, tinyProject, tinyYaml, type TinyProject } from '../support/tiny-project.js'
import { differences, eachOf, hasOpenJournal, worldOf, type World } from '../support/tiny-world.js'

const preload = join(import.meta.dirname, '..', 'support', 'kill-at-write.cjs')
const yaml = tinyYaml({
  hooks: migration,
  agent: "{ mode: '${env.AGENT_MODE}', recover: '${env.AGENT_RECOVER:-resume}', interval: 1s }",
})
let project: TinyProject
let scratch: string
let before: World
let after: World
let moments: number

beforeAll(async () => {
  project = await tinyProject(yaml)
  scratch = await mkdtemp(join(tmpdir(), 'deployctl-agent-kill-'))
  const env = { AGENT_MODE: 'auto' }
  const applied = await deployctl(['apply', '--auto-approve'], { directory: project.folder, env })
  expect(applied).toMatchObject({ code: 0, stderr: '' })
  await project.release('1.1.0', { 'data/greeting.txt': 'hello\n' })
  before = await worldOf(project.folder)
  await inCopy('whole', async (folder) => {
    const count = join(scratch, 'count')
    const agent = agentChild(folder, { ...env, ...killing(0), KILL_COUNT: count })
    await agent.line('web v1.1.0 is deployed')
    expect(await agent.end('SIGTERM')).toBe(0)
    moments = Number(await readFile(count, 'utf8'))
    after = await worldOf(folder)
  })
})
afterAll(async () => {
  await project.remove()
  await rm(scratch, { recursive: true, force: true })
})

const killing = (moment: number) => ({ NODE_OPTIONS: `--require ${preload}`, KILL_AT: String(moment) })

for (const recover of ['resume', 'unwind'] as const) {
  test(`killed at every write, with recover: ${recover}`, { timeout: 600_000 }, async () => {
    const writes = Math.floor(moments / 3)
    expect(writes).toBeGreaterThan(10)
    const stories: string[] = []
    const ends = new Set<string>()
    await eachOf(writes, async (write) => {
      const moment = 3 * (write - 1) + 1 + (write % 3)
      const { story, end } = await inCopy(`${recover}-${write}`, (folder) =>
        killAndSee(folder, moment, recover),
      )
      ends.add(end)
      if (story !== '') stories.push(`killed at moment ${moment} of ${moments}: ${end}\n${story}`)
    })
    expect(stories, `\n${stories.join('\n')}\n`).toEqual([])
    expect([...ends]).toContain(
      recover === 'resume' ? 'recovered by resume: applied' : 'recovered by unwind: unwound',
    )
  })
}

/** An empty story when all is well; and how the next agent ended it. */
async function killAndSee(folder: string, moment: number, recover: 'resume' | 'unwind') {
  const killed = agentChild(folder, { AGENT_MODE: 'auto', AGENT_RECOVER: recover, ...killing(moment) })
  await killed.ended
  if (killed.child.signalCode !== 'SIGKILL')
    return { end: 'not killed', story: JSON.stringify(killed.lines()) }
  const wasOpen = await hasOpenJournal(folder)
  // this one deploys nothing by itself, so that what it recovered is seen as it left it
  const next = agentChild(folder, { AGENT_MODE: 'notify', AGENT_RECOVER: recover })
  await next.line('web v1.1.0')
  const code = await next.end('SIGTERM')
  const said = next.lines().map(({ msg }) => String(msg))
  const end = said.find((msg) => msg.startsWith('recovered by')) ?? 'nothing to recover'
  const isForward =
    end === 'recovered by resume: applied' || said.includes('web v1.1.0 is as deploy.yaml asks')
  const wrong = [
    ...(code === 0 ? [] : [`it ended with ${String(code)}`]),
    ...(wasOpen === (end === 'nothing to recover')
      ? [wasOpen ? 'a journal was open' : 'no journal was open']
      : []),
    ...((await hasOpenJournal(folder)) ? ['a journal is still open'] : []),
    // what a dead process held before its deployment began is in nobody's way, and goes with the next one
    ...differences(await worldOf(folder), isForward ? after : before).filter(
      (line) => wasOpen || !/ locks:|\/claim/.test(line),
    ),
  ]
  return { end, story: wrong.length === 0 ? '' : [...wrong, ...said].join('\n') }
}

async function inCopy<T>(name: string, use: (folder: string) => Promise<T>): Promise<T> {
  const folder = join(scratch, name)
  await cp(project.folder, folder, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true })
  try {
    return await use(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
