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
let before: World
let after: World
let moments: number

beforeAll(async () => {
  project = await tinyProject()
  scratch = await mkdtemp(join(tmpdir(), 'deployctl-kill-'))
  expect(await apply(project.folder)).toMatchObject({ code: 0, stderr: '' })
  await project.release('1.1.0', { 'data/greeting.txt': 'hello\n', 'docs/more.txt': 'more\n' })
  before = await worldOf(project.folder)
  await inCopy('whole', async (folder) => {
    const count = join(scratch, 'count')
    const counting = { NODE_OPTIONS: `--require ${preload}`, KILL_AT: '0', KILL_COUNT: count }
    expect(await apply(folder, counting)).toMatchObject({ code: 0, stderr: '' })
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
      const story = await inCopy(`${direction}-${moment}`, (folder) =>
        killAndRecover(folder, moment, direction),
      )
      if (story !== undefined) stories.push(`killed at moment ${moment} of ${moments}: ${story}`)
    })
    expect(stories, `\n${stories.join('\n')}\n`).toEqual([])
  })
}

/** Undefined when all is well; otherwise what was found. */
async function killAndRecover(
  folder: string,
  moment: number,
  direction: 'unwind' | 'resume',
): Promise<string | undefined> {
  const killed = await apply(folder, { NODE_OPTIONS: `--require ${preload}`, KILL_AT: String(moment) })
  if (killed.signal !== 'SIGKILL') return `it was not killed but ended with ${killed.code}`
  if (!(await hasOpenJournal(folder))) {
    // killed before the deployment began, or after its end: the next apply is an ordinary one
    const next = await apply(folder)
    // Only the claim of a deployment that has ended may be left: it is a dead process's, so it stands in nobody's way.
    const redo = await deployctl(['rollback', '--auto-approve'], { directory: folder })
    if (redo.code !== 0) return `a later deployment failed: ${redo.stderr}`
    const forward = await deployctl(['rollback', '--to', '1.1.0', '--auto-approve'], { directory: folder })
    if (forward.code !== 0) return `a later deployment failed: ${forward.stderr}`
    return next.code === 0 ? undefined : `the next apply ended with ${next.code}: ${next.stderr}`
  }
  const refused = await apply(folder)
  if (refused.code !== 6)
    return `another apply was not refused, but ended with ${refused.code}:\n${refused.stderr}`
  const recovered = await deployctl(['recover', `--${direction}`], { directory: folder })
  if (direction === 'unwind' && recovered.stderr.includes('can no longer be undone')) {
    // The new state was on disk: the deployment had succeeded, and the refusal says how to finish it.
    const resumed = await deployctl(['recover', '--resume'], { directory: folder })
    const unfinished = await notAsWanted('recover --resume', resumed, folder, after)
    if (unfinished !== undefined) return unfinished
  } else {
    const wanted = direction === 'unwind' ? before : after
    const wrong = await notAsWanted(`recover --${direction}`, recovered, folder, wanted)
    if (wrong !== undefined) return wrong
  }
  if (await hasOpenJournal(folder)) return 'a journal is still open'
  return notAsWanted('the next apply', await apply(folder), folder, after)
}

/** Undefined when a command ended well and left the world that was wanted; otherwise where it differs. */
async function notAsWanted(
  what: string,
  result: CliResult,
  folder: string,
  wanted: World,
): Promise<string | undefined> {
  const world = await worldOf(folder)
  const paths = [...new Set([...Object.keys(world), ...Object.keys(wanted)])]
  const differences = paths.filter((path) => world[path] !== wanted[path])
  if (result.code === 0 && differences.length === 0) return undefined
  const lines = differences.map(
    (path) => `  ${path}: ${world[path] ?? 'not there'}, not ${wanted[path] ?? 'absent'}`,
  )
  return `after ${what} (exit ${result.code})\n${lines.join('\n')}\n${result.stdout}${result.stderr}`
}

function apply(folder: string, env: Record<string, string> = {}, words: string[] = []): Promise<CliResult> {
  return deployctl(['apply', '--auto-approve', ...words], { directory: folder, env })
}

type World = Readonly<Record<string, string>>

/** Everything that counts: the target's folder, what the state says of the service, and the locks that are held. */
async function worldOf(folder: string): Promise<World> {
  const state = JSON.parse(await readFile(join(folder, '.deployctl', 'state', 'local.json'), 'utf8')) as {
    services: { web: { active: Deployed; previous: Deployed[]; pin: unknown } }
  }
  const { active, previous, pin } = state.services.web
  const locks = Object.entries(await worldOfFolder(join(folder, '.deployctl', 'locks')))
  const files: Record<string, string> = { ...(await worldOfFolder(join(folder, 'srv'))) }
  for (const path of Object.keys(files).filter((one) => one.includes('/records/'))) {
    files[path] = await withoutTimes(join(folder, 'srv', path))
  }
  return {
    ...files,
    active: JSON.stringify(active.instances),
    previous: JSON.stringify(previous.map((deployed) => deployed.instances)),
    pin: JSON.stringify(pin),
    locks: JSON.stringify(locks.filter(([, what]) => !what.startsWith('folder'))),
  }
}
interface Deployed {
  readonly instances: unknown
}

/** A release's own record, without when it was written and by which deployment. */
async function withoutTimes(path: string): Promise<string> {
  const record = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>
  return JSON.stringify(record, (key, value: unknown) =>
    key === 'deployment' || key.endsWith('At') || key === 'at' ? 'x' : value,
  )
}

/** A journal whose header was written and that was not moved away: a deployment began and did not end. */
async function hasOpenJournal(folder: string): Promise<boolean> {
  const journals = join(folder, '.deployctl', 'journals', 'local')
  for (const name of await readdir(journals)) {
    if (!name.endsWith('.jsonl')) continue
    const lines = (await readFile(join(journals, name), 'utf8')).split('\n').slice(0, -1)
    if (lines.length > 0 && !lines.some((line) => line.includes('"type":"closed"'))) return true
  }
  return false
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
