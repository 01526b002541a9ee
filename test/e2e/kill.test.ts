/**
 * The real program is killed (SIGKILL) before, in the middle of and after every write of its journal, during a real
 * upgrade. Recovered either way, the folder, the state and the locks are exactly those of before or of after.
 */
import { cp, mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { deployctl, type CliResult } from '../support/built-cli.js'
import { tinyProject, type TinyProject } from '../support/tiny-project.js'
import { worldOfFolder } from '../support/world-of-folder.js'

const preload = join(import.meta.dirname, '..', 'support', 'kill-at-write.cjs')
let project: TinyProject
let scratch: string
let before: unknown
let after: unknown
let moments: number

beforeAll(async () => {
  project = await tinyProject()
  scratch = await mkdtemp(join(tmpdir(), 'deployctl-kill-'))
  expect((await apply(project.folder)).code).toBe(0)
  await project.release('1.1.0', { 'data/greeting.txt': 'hello\n', 'docs/more.txt': 'more\n' })
  before = await worldOf(project.folder)
  await inCopy('whole', async (folder) => {
    const count = join(scratch, 'count')
    expect((await apply(folder, { NODE_OPTIONS: `--require ${preload}`, KILL_AT: '0', KILL_COUNT: count })).code).toBe(0)
    moments = Number(await readFile(count, 'utf8'))
    after = await worldOf(folder)
  })
})
afterAll(async () => {
  await project.remove()
  await rm(scratch, { recursive: true, force: true })
})

test('an upgrade writes its journal often enough for this test to mean something', () => {
  expect(moments).toBeGreaterThan(30)
  expect(after).not.toEqual(before)
})

for (const direction of ['unwind', 'resume'] as const) {
  test(`killed at every moment, then recover --${direction}`, { timeout: 600_000 }, async () => {
    const stories: string[] = []
    await eachOf(moments, async (moment) => {
      const story = await inCopy(`${direction}-${moment}`, (folder) => killAndRecover(folder, moment, direction))
      if (story !== undefined) stories.push(`killed at moment ${moment} of ${moments}: ${story}`)
    })
    expect(stories, `\n${stories.join('\n')}\n`).toEqual([])
  })
}

/** Undefined when all is well; otherwise what was found. */
async function killAndRecover(folder: string, moment: number, direction: 'unwind' | 'resume'): Promise<string | undefined> {
  const killed = await apply(folder, { NODE_OPTIONS: `--require ${preload}`, KILL_AT: String(moment) })
  if (killed.signal !== 'SIGKILL') return `it was not killed but ended with ${killed.code}`
  const open = await openJournals(folder)
  const refused = await apply(folder)
  const recovered = await deployctl(['recover', `--${direction}`], { directory: folder })
  const world = JSON.stringify(await worldOf(folder))
  const is = world === JSON.stringify(before) ? 'before' : world === JSON.stringify(after) ? 'after' : 'neither'
  const tell = (text: string): string => `${text}\n${recovered.stdout}${recovered.stderr}\n${world}`
  if (open === 0) {
    // killed before the deployment began, or after its end: the next apply is an ordinary one and brings the new world
    return is === 'after' && refused.code === 0 ? undefined : tell(`nothing was open, and the world is ${is}`)
  }
  if (refused.code !== 6) return `another apply was not refused, but ended with ${refused.code}:\n${refused.stderr}`
  if (is !== (direction === 'unwind' ? 'before' : 'after')) return tell(`after recover (${recovered.code}) the world is ${is}`)
  if ((await openJournals(folder)) > 0) return tell('a journal is still open')
  const next = await apply(folder, {}, direction === 'unwind' ? ['--service', 'web'] : [])
  if (JSON.stringify(await worldOf(folder)) !== JSON.stringify(after)) return tell(`the next apply (${next.code}) did not bring the new world`)
  return undefined
}

function apply(folder: string, env: Record<string, string> = {}, words: string[] = []): Promise<CliResult> {
  return deployctl(['apply', '--auto-approve', ...words], { directory: folder, env })
}

/** Everything that counts: the target's folder, what the state says of the service, and the locks that are held. */
async function worldOf(folder: string): Promise<unknown> {
  const state = JSON.parse(await readFile(join(folder, '.deployctl', 'state', 'local.json'), 'utf8')) as {
    services: Record<string, { active: Deployed; previous: Deployed[]; pin: unknown }>
  }
  const web = state.services['web']
  const locks = await worldOfFolder(join(folder, '.deployctl', 'locks'))
  return {
    files: await worldOfFolder(join(folder, 'srv')),
    active: web?.active.instances,
    previous: web?.previous.map((deployed) => deployed.instances),
    pin: web?.pin,
    locks: Object.entries(locks).filter(([, what]) => !what.startsWith('folder')),
  }
}
interface Deployed {
  readonly instances: unknown
}

async function openJournals(folder: string): Promise<number> {
  const names = await readdir(join(folder, '.deployctl', 'journals', 'local'))
  return names.filter((name) => name.endsWith('.jsonl')).length
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

/** 1 to `count`, a few side by side. */
async function eachOf(count: number, use: (number: number) => Promise<void>): Promise<void> {
  let next = 1
  const worker = async (): Promise<void> => {
    while (next <= count) await use(next++)
  }
  await Promise.all([worker(), worker(), worker()])
}
