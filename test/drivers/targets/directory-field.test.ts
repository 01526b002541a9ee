/** The holes of the tools our users would pick instead ("Releases and retention"): here each is closed. */
import { execFile, spawn } from 'node:child_process'
import { mkdir, readFile, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { directoryBench, type DirectoryBench, type StageableRelease } from '../../support/directory-bench.js'
import { activeOf, shareOf } from '../../support/shares.js'

let bench: DirectoryBench
beforeEach(async () => {
  bench = await directoryBench()
})
afterEach(() => bench.end())

const release = (version: string) => bench.release(version, { version })
const stage = (one: StageableRelease) => bench.target().stage(one.instance, one.obtain, bench.context())
const route = (from: StageableRelease | null, to: StageableRelease | null) =>
  bench.target().route(shareOf(from?.instance ?? null), shareOf(to?.instance ?? null), bench.context())
const prune = (...keep: readonly StageableRelease[]) =>
  bench.target().prune(
    keep.map(({ instance }) => instance.name),
    bench.context(),
  )
const inspect = (active: StageableRelease | null) =>
  bench.target().inspect(activeOf(active?.instance ?? null), bench.context().signal)
const served = () => readFile(join(bench.path, 'current', 'version'), 'utf8')

describe('releases and retention', () => {
  test('1: failed releases never push a good one out', async () => {
    const good = await release('1.0.0')
    const previous = await release('0.9.0')
    await stage(previous)
    await route(null, previous)
    await stage(good)
    await route(previous, good)
    for (const version of ['1.1.0', '1.1.1', '1.1.2']) await stage(await release(version)) // none ever served
    const next = await release('1.2.0')
    await stage(next)
    await route(good, next)
    const removed = await prune(next, good, previous)
    expect(removed.map((name) => name.split('-')[0])).toEqual(['1.1.0', '1.1.1', '1.1.2'])
    const { staged } = await inspect(next)
    expect(staged.map(({ version, status }) => `${version} ${status}`)).toEqual([
      '0.9.0 published',
      '1.0.0 published',
      '1.2.0 published',
    ])
  })

  test('2: a link "current" left among the releases neither misleads the switch nor stays unsaid', async () => {
    const [a, b] = [await release('1.0.0'), await release('1.0.1')]
    await stage(a)
    await route(null, a)
    await symlink(join(bench.path, 'releases', a.instance.name), join(bench.path, 'releases', 'current'))
    await symlink('releases/nonsense', join(bench.path, '.deployctl', 'current.next')) // and our own, of a killed run
    await stage(b)
    await route(a, b)
    expect(await served()).toBe('1.0.1')
    expect(await readlink(join(bench.path, 'current'))).toBe(`releases/${b.instance.name}`)
    expect((await inspect(b)).notices).toEqual([
      expect.stringContaining('neither releases nor used: current'),
    ])
  })

  test('3: two deployments at the same moment never share a folder: names come from content, and one is sent away', async () => {
    const [a, b] = [await release('1.0.0'), await release('1.0.1')]
    expect(a.instance.name).not.toBe(b.instance.name)
    const claim = (deployment: string) =>
      bench.target().claim({ deployment, by: 'ann', incoming: [] }, bench.context().signal)
    const held = await claim('d1')
    const refusal: unknown = await claim('d2').catch((error: unknown) => error)
    expect(refusal).toMatchObject({
      code: 'LOCKED',
      message: expect.stringContaining('by ann (deployment d1)') as string,
    })
    await held.release()
  })

  test('4: where "current" is a real folder nothing is published and nothing is touched', async () => {
    await mkdir(join(bench.path, 'current'), { recursive: true })
    await writeFile(join(bench.path, 'current', 'version'), 'by hand')
    const claim = bench.target().claim({ deployment: 'd1', by: 'ann', incoming: [] }, bench.context().signal)
    await expect(claim).rejects.toMatchObject({
      code: 'TARGET_REFUSED',
      message: expect.stringContaining('current is a folder, not a link') as string,
      hint: expect.stringContaining('mv ') as string,
    })
    const a = await release('1.0.0')
    await stage(a)
    await expect(route(null, a)).rejects.toMatchObject({ code: 'TARGET_REFUSED' })
    expect(await served()).toBe('by hand')
    const seen = await inspect(a)
    expect(seen).toMatchObject({ serving: null, drift: [{ kind: 'linkMoved' }] })
    expect(seen.notices).toEqual([expect.stringContaining('is a folder') as string])
  })

  test('5: rolling back twice goes where it is told, and removes nothing', async () => {
    const [a, b, c] = [await release('1.0.0'), await release('1.0.1'), await release('1.0.2')]
    await stage(a)
    await route(null, a)
    await stage(b)
    await route(a, b)
    await stage(c)
    await route(b, c)
    await route(c, b)
    expect(await served()).toBe('1.0.1')
    await route(b, a)
    expect(await served()).toBe('1.0.0')
    expect((await inspect(a)).staged).toHaveLength(3)
  })

  test('6: a program that has resolved the link once serves the new release after its signal', async () => {
    const pidFile = join(bench.folder, 'app.pid')
    const target = (restart?: object) =>
      bench.target(restart === undefined ? {} : { restart: restart as { pidFile: string } })
    const [a, b] = [await release('1.0.0'), await release('1.0.1')]
    await stage(a)
    await route(null, a)
    const app = spawn('sh', ['-c', stubbornApp], {
      cwd: bench.folder,
      env: { ...process.env, ROOT: bench.path },
    })
    try {
      await says(bench, '1.0.0')
      await writeFile(pidFile, `${app.pid}\n`)
      await stage(b)
      await target().route(shareOf(a.instance), shareOf(b.instance), bench.context()) // the link alone
      await promisify(execFile)('kill', ['-USR1', `${app.pid}`]) // it is asked, and answers from the old folder
      await says(bench, '1.0.0')
      await target({ pidFile, signal: 'HUP' }).route(
        shareOf(a.instance),
        shareOf(b.instance),
        bench.context(),
      )
      await says(bench, '1.0.1')
    } finally {
      app.kill('SIGKILL')
    }
  })
})

/** Resolves `current` at its start and on HUP; answers with the version it serves at its start, on HUP and on USR1. */
const stubbornApp = `
  load() { folder=$(readlink -f "$ROOT/current"); }
  answer() { cat "$folder/version" > answer.new; mv answer.new answer; }
  trap 'load; answer' HUP; trap answer USR1
  load; answer
  while :; do sleep 0.02; done`

async function says(bench: DirectoryBench, version: string): Promise<void> {
  const answer = join(bench.folder, 'answer')
  const seen = join(bench.folder, 'answer.seen')
  for (let tries = 0; tries < 500; tries++) {
    const there = await rename(answer, seen).then(
      () => true,
      () => false,
    )
    if (there) {
      expect(await readFile(seen, 'utf8')).toBe(version)
      return rm(seen)
    }
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error('the program did not answer')
}
