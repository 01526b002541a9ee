/**
 * The real program is killed (SIGKILL) before, in the middle of and after every write of its journal, during a real
 * upgrade. Recovered either way, the folder, the state and the locks are exactly those of before or of after.
 */
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { deployctl, type CliResult } from '../support/built-cli.js'
import { tinyProject, type TinyProject } from '../support/tiny-project.js'
import { differences, eachOf, hasOpenJournal, worldOf, type World } from '../support/tiny-world.js'

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
  const lines = differences(world, wanted)
  if (result.code === 0 && lines.length === 0) return undefined
  return `after ${what} (exit ${result.code})\n${lines.join('\n')}\n${result.stdout}${result.stderr}`
}

function apply(folder: string, env: Record<string, string> = {}, words: string[] = []): Promise<CliResult> {
  return deployctl(['apply', '--auto-approve', ...words], { directory: folder, env })
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
