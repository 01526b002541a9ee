/** Staging from archives: what is unpacked, with which modes, and that what is refused leaves nothing behind. */
import { execFile } from 'node:child_process'
import { chmod, lstat, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Json } from '../../../src/base/hash.js'
import { choosePruned } from '../../../src/drivers/targets/directory/prune.js'
import type { ReleaseFolder } from '../../../src/drivers/targets/directory/release-folders.js'
import type { Instance } from '../../../src/model/instance.js'
import type { Artifact } from '../../../src/model/release.js'
import {
  directoryBench,
  worldOfTarget,
  writeFiles,
  type DirectoryBench,
} from '../../support/directory-bench.js'
import { activeOf } from '../../support/shares.js'

const run = promisify(execFile)
let bench: DirectoryBench
beforeEach(async () => {
  bench = await directoryBench()
})
afterEach(() => bench.end())

/** An archive `shop.tgz` of these files below `package/`, as an instance to stage. */
async function archived(artifact: Partial<Artifact> = {}, options: { readonly [option: string]: Json } = {}) {
  const path = join(bench.folder, 'origin', 'shop.tgz')
  await run('tar', ['-czf', path, '-C', join(bench.folder, 'origin'), 'package'])
  const { instance } = await bench.release('1.0.0', { marker: JSON.stringify(options) }, options)
  const release = {
    ...instance.release,
    artifact: { kind: 'archive', name: 'shop.tgz', location: path, ...artifact } as const,
  }
  const staged: Instance = { ...instance, release }
  const target = bench.target(options)
  return {
    folder: join(bench.path, 'releases', instance.name),
    stage: (context = bench.context()) =>
      target.stage(staged, async () => ({ kind: 'archive', path, name: 'shop.tgz' }), context),
    discard: () => target.discard(staged, bench.context()),
  }
}

describe('staging an archive', () => {
  beforeEach(() =>
    writeFiles(join(bench.folder, 'origin', 'package'), {
      'package.json': '{}',
      'dist/app.js': 'app',
      'dist/map/app.map': 'map',
      'bin/shop': { mode: 0o755, text: '#!/bin/sh' },
    }),
  )

  test('leaves out the leading folders that the source says, or the options', async () => {
    const bySource = await archived({ strip: 1 })
    await bySource.stage()
    expect((await readdir(bySource.folder)).sort()).toEqual(['bin', 'dist', 'package.json'])
    const byOptions = await archived({ strip: 1 }, { strip: 2 })
    await byOptions.stage()
    expect((await readdir(byOptions.folder)).sort()).toEqual(['app.js', 'map', 'shop'])
  })

  test('keeps the bits of the umask from every file and folder', async () => {
    const masked = await archived({ strip: 1 }, { umask: '027' })
    await masked.stage()
    const modes = await Promise.all(
      ['.', 'dist', 'bin/shop', 'package.json'].map(
        async (path) => (await lstat(join(masked.folder, path))).mode,
      ),
    )
    expect(modes.map((mode) => (mode & 0o777).toString(8))).toEqual(['750', '750', '750', '640'])
  })

  test('unpacks only what is asked for', async () => {
    const part = await archived({ strip: 1 }, { include: ['dist/*.js', 'package.json'] })
    await part.stage()
    expect((await readdir(part.folder, { recursive: true })).sort()).toEqual([
      'dist',
      'dist/app.js',
      'package.json',
    ])
  })

  test('keeps modes, masks setuid, and lets a web server in whatever the umask is', async () => {
    await chmod(join(bench.folder, 'origin', 'package', 'bin', 'shop'), 0o4755)
    const umask = process.umask(0o077)
    try {
      const { folder, stage } = await archived({ strip: 1 })
      await stage()
      expect((await lstat(folder)).mode & 0o7777).toBe(0o755)
      expect((await lstat(join(folder, 'bin', 'shop'))).mode & 0o7777).toBe(0o755)
    } finally {
      process.umask(umask)
    }
  })

  test('writes down what it is, when, by which deployment and how large', async () => {
    const { folder, stage } = await archived({ strip: 1 })
    await stage()
    const [name = ''] = (await readdir(join(folder, '..'))).filter((one) => folder.endsWith(one))
    const record: unknown = JSON.parse(
      await readFile(join(bench.path, '.deployctl', 'records', `${name}.json`), 'utf8'),
    )
    expect(record).toMatchObject({
      format: 1,
      name,
      release: { version: '1.0.0', source: 'api' },
      status: 'staged',
      stagedAt: '2026-03-04T05:06:07.000Z',
      publishedAt: null,
      deployment: 'd1',
      bytes: '{}'.length + 'app'.length + 'map'.length + '#!/bin/sh'.length,
    })
  })

  test('refuses one that is cut off, and leaves nothing that a discard does not take away', async () => {
    const before = await worldOfTarget(bench)
    const { stage, discard } = await archived({ strip: 1 })
    const path = join(bench.folder, 'origin', 'shop.tgz')
    await writeFile(path, (await readFile(path)).subarray(0, 150))
    await expect(stage()).rejects.toMatchObject({ code: 'ARCHIVE_REFUSED' })
    expect(await bench.target().inspect(activeOf(null), bench.context().signal)).toMatchObject({
      staged: [],
      notices: [],
    })
    await discard()
    expect(await worldOfTarget(bench)).toEqual(before)
  })

  test('stops when it is cancelled, and the next try begins anew', async () => {
    const { folder, stage } = await archived({ strip: 1 })
    await expect(stage(bench.context('d1', AbortSignal.abort()))).rejects.toMatchObject({ code: 'CANCELLED' })
    await stage()
    expect(await readFile(join(folder, 'dist', 'app.js'), 'utf8')).toBe('app')
  })

  test('never takes the place of another release whose digest begins the same', async () => {
    const { instance, obtain } = await bench.release('1.0.0', { a: '1' })
    await bench.target().stage(instance, obtain, bench.context())
    const other = { ...instance, release: { ...instance.release, digest: `sha256:${'0'.repeat(64)}` } }
    await expect(bench.target().stage(other, obtain, bench.context())).rejects.toMatchObject({
      code: 'TARGET_REFUSED',
    })
  })

  test('takes a folder of that name, that nobody wrote down and that does not serve, for a broken one', async () => {
    const { folder, stage } = await archived({ strip: 1 })
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'half'), '')
    await stage()
    expect((await readdir(folder)).sort()).toEqual(['bin', 'dist', 'package.json'])
  })

  test('gets along with a release whose folders are read-only', async () => {
    await chmod(join(bench.folder, 'origin', 'package', 'dist', 'map'), 0o555)
    await chmod(join(bench.folder, 'origin', 'package', 'dist'), 0o555)
    const before = await worldOfTarget(bench)
    const { folder, stage, discard } = await archived({ strip: 1 })
    await stage()
    expect((await lstat(join(folder, 'dist'))).mode & 0o777).toBe(0o555)
    await discard()
    expect(await worldOfTarget(bench)).toEqual(before)
    for (const place of ['dist', 'dist/map'])
      await chmod(join(bench.folder, 'origin', 'package', place), 0o755)
  })
})

test('retention never chooses what is kept, what serves, or what is not ours', () => {
  const name = fc.stringMatching(/^[a-f]{1,2}$/)
  const folder = fc.record({ kind: fc.constantFrom('broken', 'foreign'), name, record: fc.constant(null) })
  fc.assert(
    fc.property(
      fc.uniqueArray(folder, { selector: (one) => one.name }),
      fc.array(name),
      fc.option(name),
      (folders, keep, serving) => {
        const all = folders as readonly ReleaseFolder[] // what the record holds plays no part
        const { remove, foreign } = choosePruned(all, keep, serving)
        for (const one of all) {
          const stays = one.kind === 'foreign' || keep.includes(one.name) || one.name === serving
          expect(remove.includes(one.name)).toBe(!stays)
          expect(foreign.includes(one.name)).toBe(one.kind === 'foreign')
        }
      },
    ),
  )
})
