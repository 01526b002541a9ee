/** Drift: what is told of a place that was changed by hand, and that staging and routing once more repair it. */
import { execFile } from 'node:child_process'
import { chmod, lstat, mkdir, readFile, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Target } from '../../../src/model/target.js'
import { directoryBench, type DirectoryBench, type StageableRelease } from '../../support/directory-bench.js'
import { worldOfFolder } from '../../support/world-of-folder.js'
import { activeOf, shareOf } from '../../support/shares.js'

const options = { shared: ['log/'] }
const files = {
  'index.html': 'hello',
  'bin/run': { mode: 0o755, text: '#!/bin/sh' },
  'docs/a.txt': 'a',
  here: { link: 'docs' },
}

let bench: DirectoryBench
let target: Target
let active: StageableRelease
let folder: string
beforeEach(async () => {
  bench = await directoryBench()
  target = bench.target(options)
  active = await bench.release('1.0.0', files, options)
  folder = join(bench.path, 'releases', active.instance.name)
  await stage()
  await route()
})
afterEach(() => bench.end())

const stage = () => target.stage(active.instance, active.obtain, bench.context())
const route = () => target.route(shareOf(null), shareOf(active.instance), bench.context())
const inspect = () => target.inspect(activeOf(active.instance), bench.context().signal)
const driftOf = async () => (await inspect()).drift.map(({ kind, evidence }) => [kind, ...evidence])

describe('a place changed by hand', () => {
  test('what is as it should be shows no drift, whatever the program wrote beside it', async () => {
    await writeFile(join(folder, 'cache.bin'), 'made by the program')
    await mkdir(join(folder, 'docs', '__pycache__'))
    expect(await inspect()).toMatchObject({
      serving: active.instance.name,
      drift: [],
      notices: [],
      host: 'local',
    })
  })

  test('changed, missing and replaced files are named, and mended in place', async () => {
    const before = await worldOfFolder(bench.path)
    const untouched = await lstat(join(folder, 'docs', 'a.txt'))
    await writeFile(join(folder, 'index.html'), 'edited by hand')
    await chmod(join(folder, 'bin', 'run'), 0o700)
    await rm(join(folder, 'here'))
    await writeFile(join(folder, 'here'), 'a file')
    await rm(join(folder, 'log'))
    await writeFile(join(folder, 'cache.bin'), 'made by the program')
    expect(await driftOf()).toEqual([
      [
        'filesChanged',
        'bin/run: another mode',
        'here: something else lies there',
        'index.html: another content',
        'log: missing',
      ],
    ])
    await stage()
    expect(await driftOf()).toEqual([])
    expect(await readFile(join(folder, 'cache.bin'), 'utf8')).toBe('made by the program')
    expect((await lstat(join(folder, 'docs', 'a.txt'))).ino).toBe(untouched.ino)
    await rm(join(folder, 'cache.bin'))
    expect(await sameButBooks(before)).toBe(true)
  })

  test('folders that are missing, or in the way, are mended too', async () => {
    const before = await worldOfFolder(bench.path)
    await rm(join(folder, 'docs'), { recursive: true })
    await rm(join(folder, 'index.html'))
    await mkdir(join(folder, 'index.html'))
    await rm(join(folder, 'bin'), { recursive: true })
    await writeFile(join(folder, 'bin'), 'a file')
    await stage()
    expect(await driftOf()).toEqual([])
    expect(await sameButBooks(before)).toBe(true)
  })

  test('a file that was only touched is none', async () => {
    await utimes(join(folder, 'index.html'), 1, 1)
    expect(await driftOf()).toEqual([])
  })

  test('a long list is cut', async () => {
    const many = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`f${index}`, 'x']))
    active = await bench.release('2.0.0', many, options)
    await stage()
    await route()
    for (const name of Object.keys(many)) await rm(join(bench.path, 'current', name))
    const [drift] = (await inspect()).drift
    expect(drift?.message).toBe(`30 entries of ${active.instance.name} are not as deployed.`)
    expect(drift?.evidence).toHaveLength(11)
    expect(drift?.evidence.at(-1)).toBe('and 20 more')
  })

  test('a link moved, also out of the place or to nowhere, is told with what is there', async () => {
    const current = join(bench.path, 'current')
    for (const text of ['releases/other-00000000', '/somewhere/else', 'releases/a/b']) {
      await rm(current)
      await symlink(text, current)
      expect(await driftOf()).toEqual([
        ['linkMoved', `recorded: releases/${active.instance.name}`, `found: ${text}`],
      ])
    }
    expect((await inspect()).serving).toBeNull()
    await route()
    expect(await driftOf()).toEqual([])
  })

  test('an absolute link to the same release is no drift, and becomes a relative one with the next switch', async () => {
    await rm(join(bench.path, 'current'))
    await symlink(folder, join(bench.path, 'current'))
    expect(await inspect()).toMatchObject({ serving: active.instance.name, drift: [] })
  })

  test('a link removed is told, and made again', async () => {
    await rm(join(bench.path, 'current'))
    expect(await driftOf()).toEqual([['linkMissing']])
    await route()
    expect(await driftOf()).toEqual([])
  })

  test('a folder removed is told, and staged again as what it was', async () => {
    const before = await worldOfFolder(bench.path)
    await rm(folder, { recursive: true })
    const seen = await inspect()
    expect(seen.drift).toMatchObject([{ kind: 'releaseMissing' }])
    expect(seen).toMatchObject({
      serving: active.instance.name,
      staged: [{ status: 'broken', version: '1.0.0' }],
    })
    await stage()
    expect(await inspect()).toMatchObject({ drift: [], staged: [{ status: 'published' }] })
    expect(await sameButBooks(before)).toBe(true)
  })

  test('what deployctl wrote down removed is told; the serving folder is mended, not replaced', async () => {
    await rm(join(bench.path, '.deployctl'), { recursive: true })
    expect(await inspect()).toMatchObject({ drift: [{ kind: 'filesChanged' }], staged: [] })
    await writeFile(join(folder, 'index.html'), 'edited')
    const identity = (await lstat(folder)).ino
    await stage()
    expect(await inspect()).toMatchObject({ drift: [], staged: [{ status: 'published' }] })
    expect((await lstat(folder)).ino).toBe(identity)
    expect(await readFile(join(folder, 'index.html'), 'utf8')).toBe('hello')
  })

  test('everything gone is told as well', async () => {
    await rm(bench.path, { recursive: true })
    expect((await inspect()).drift.map(({ kind }) => kind)).toEqual(['linkMissing', 'releaseMissing'])
    await stage()
    await route()
    expect(await inspect()).toMatchObject({ drift: [], notices: [] })
  })

  test('folders that are not ours are named, and never pruned', async () => {
    await mkdir(join(bench.path, 'releases', '20230101000000'))
    await writeFile(join(bench.path, 'releases', 'notes.txt'), '')
    expect((await inspect()).notices).toEqual([
      expect.stringContaining('left alone: 20230101000000'),
      expect.stringContaining('notes.txt'),
    ])
    expect(await target.prune([active.instance.name], bench.context())).toEqual([])
    expect(bench.said.at(-1)?.text).toContain('20230101000000')
    expect((await lstat(join(bench.path, 'releases', '20230101000000'))).isDirectory()).toBe(true)
  })

  test('half a release is broken, and pruned', async () => {
    const other = await bench.release('2.0.0', files, options)
    await target.stage(other.instance, other.obtain, bench.context())
    await rm(join(bench.path, '.deployctl', 'manifests', `${other.instance.name}.jsonl`))
    const gone = await bench.release('3.0.0', files, options)
    await target.stage(gone.instance, gone.obtain, bench.context())
    await rename(join(bench.path, 'releases', gone.instance.name), join(bench.folder, 'away'))
    expect((await inspect()).staged.map(({ status }) => status)).toEqual(['published', 'broken', 'broken'])
    await target.prune([], bench.context())
    expect((await inspect()).staged.map(({ status }) => status)).toEqual(['published'])
  })

  test('one release that cannot be removed hinders no other, and is told', async () => {
    const stuck = await bench.release('0.1.0', files, options)
    const other = await bench.release('0.2.0', files, options)
    for (const one of [stuck, other]) await target.stage(one.instance, one.obtain, bench.context())
    const place = join(bench.path, 'releases', stuck.instance.name)
    const free = await hold(place)
    try {
      await expect(target.prune([], bench.context())).rejects.toMatchObject({
        message: expect.stringContaining('1 of the old releases') as string,
        details: [expect.stringContaining(stuck.instance.name) as string],
      })
      expect((await inspect()).staged.map(({ version }) => version)).toEqual(['0.1.0', '1.0.0'])
    } finally {
      await free()
    }
    expect(await target.prune([], bench.context())).toEqual([stuck.instance.name])
  })
})

/** A folder that nobody can rename away: a mount point (as root), or one that has lost its write bit. */
async function hold(place: string): Promise<() => Promise<unknown>> {
  if (process.getuid?.() === 0) {
    const run = promisify(execFile)
    await run('mount', ['--bind', place, place])
    return () => run('umount', [place])
  }
  await chmod(place, 0o555)
  return () => chmod(place, 0o755)
}

/** The same, but for times in manifests and records. */
async function sameButBooks(before: Awaited<ReturnType<typeof worldOfFolder>>): Promise<boolean> {
  const without = ([path]: readonly [string, string]) => !/^\.deployctl\/(records|manifests)\//.test(path)
  const now = await worldOfFolder(bench.path)
  expect(Object.entries(now).filter(without)).toEqual(Object.entries(before).filter(without))
  return true
}
