/**
 * The real program during a real upgrade, on a disk that is full at one moment after another, for that moment only:
 * whatever it was that could not be written, what serves, the state and the records tell one story, and what is left to do
 * is said and can be done. Needs no small disk: the writes of Node are made to fail.
 */
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { deployctl } from '../support/built-cli.js'
import { tinyProject, type TinyProject } from '../support/tiny-project.js'
import { worldOfFolder } from '../support/world-of-folder.js'

const preload = join(import.meta.dirname, '..', 'support', 'full-at-write.cjs')
let project: TinyProject
let scratch: string

beforeAll(async () => {
  project = await tinyProject()
  scratch = await mkdtemp(join(tmpdir(), 'deployctl-full-'))
  expect(await apply(project.folder)).toMatchObject({ code: 0, stderr: '' })
  await project.release('1.1.0', { 'docs/more.txt': 'more\n' })
})
afterAll(async () => {
  await project.remove()
  await rm(scratch, { recursive: true, force: true })
})

test('full at every moment', { timeout: 600_000 }, async () => {
  const count = join(scratch, 'count')
  const whole = await inCopy('whole', async (folder) => {
    expect(await apply(folder, { FULL_AT: '0', FULL_COUNT: count })).toMatchObject({ code: 0 })
    return served(folder)
  })
  const before = await served(project.folder)
  const moments = Number(await readFile(count, 'utf8'))
  expect(moments).toBeGreaterThan(50)
  const stories: string[] = []
  const worker = async (first: number): Promise<void> => {
    for (let moment = first; moment <= moments; moment += 3) {
      const story = await inCopy(`at-${moment}`, (folder) => fillAndLook(folder, moment, before, whole))
      if (story !== undefined) stories.push(`full at moment ${moment} of ${moments}: ${story}`)
    }
  }
  await Promise.all([worker(1), worker(2), worker(3)])
  expect(stories, `\n${stories.join('\n')}\n`).toEqual([])
})

/** Undefined when all is well; otherwise what was found. */
async function fillAndLook(
  folder: string,
  moment: number,
  before: unknown,
  whole: unknown,
): Promise<string | undefined> {
  const full = await apply(folder, { FULL_AT: String(moment), FULL_FOR: 'once' })
  const told = `${full.code}: ${full.stdout}${full.stderr}`
  if (told.includes('bug in deployctl')) return `it took this for a bug of its own: ${told}`
  const wanted = told.includes('Applied in') ? [whole] : [before]
  const now = JSON.stringify(await served(folder))
  if (!wanted.some((one) => JSON.stringify(one) === now)) return `this serves: ${now} after ${told}`
  let next = await apply(folder)
  if (next.code === 6) {
    const way = told.includes('recover --resume') ? '--resume' : '--unwind'
    const recovered = await deployctl(['recover', way], { directory: folder })
    if (recovered.code !== 0) return `recover ${way} ended with ${recovered.code}: ${recovered.stderr}`
    next = await apply(folder)
  }
  if (next.code !== 0) return `the next apply ended with ${next.code}: ${next.stderr} after ${told}`
  const end = JSON.stringify(await served(folder))
  return end === JSON.stringify(whole) ? undefined : `in the end this serves: ${end} after ${told}`
}

function apply(folder: string, full: Record<string, string> = {}) {
  const isFull = Object.keys(full).length > 0
  const env = isFull ? { NODE_OPTIONS: `--require ${preload}`, FULL_UNDER: folder, ...full } : {}
  return deployctl(['apply', '--auto-approve'], { directory: folder, env })
}

/** The target's folder without deployctl's own notes, whose times differ. */
async function served(folder: string): Promise<unknown> {
  const files = Object.entries(await worldOfFolder(join(folder, 'srv')))
  return files.filter(([path]) => !path.includes('.deployctl'))
}

async function inCopy<T>(name: string, use: (folder: string) => Promise<T>): Promise<T> {
  const folder = join(scratch, name)
  await cp(project.folder, folder, { recursive: true, verbatimSymlinks: true })
  try {
    return await use(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
