import { execFileSync } from 'node:child_process'
import {
  appendFile,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { directorySource } from '../../../../src/drivers/sources/directory/directory-source.js'
import { folderError } from '../../../../src/drivers/sources/directory/release-entries.js'
import { expectGoodSchema } from '../../../contract/driver-schema.js'
import { failureOf, sourceContract } from '../../../contract/source.contract.js'
import { beginBench, calm, type SourceBench } from '../source-bench.js'

async function worldOf(kind: 'folders' | 'archives') {
  const bench = await beginBench()
  const folder = path.join(bench.folder, 'releases')
  await mkdir(folder)
  const placeOf = (version: string) =>
    path.join(folder, kind === 'folders' ? version : `app-${version}.tar.gz`)
  const pattern = kind === 'folders' ? {} : { pattern: 'app-{version}' }
  return {
    scratch: bench.folder,
    source: () =>
      directorySource.create('app', { type: 'directory', path: 'releases', ...pattern }, bench.ports),
    publish: async (version: string, content: string) => {
      if (kind === 'archives') return writeFile(placeOf(version), content)
      await mkdir(placeOf(version), { recursive: true })
      await writeFile(path.join(placeOf(version), 'content'), content)
    },
    later: () => bench.pass(60_000),
    bytesOf: (version: string) =>
      readFile(kind === 'folders' ? path.join(placeOf(version), 'content') : placeOf(version)),
    troubles: { SOURCE_NOT_FOUND: () => rename(folder, `${folder}-away`) },
    end: () => bench.end(),
  }
}

sourceContract('directory, of folders', () => worldOf('folders'))
sourceContract('directory, of archives', () => worldOf('archives'))

test('its options are described', () => expectGoodSchema('directory', directorySource.schema))

describe('directory', () => {
  let bench: SourceBench
  let folder: string
  beforeEach(async () => {
    bench = await beginBench()
    folder = path.join(bench.folder, 'releases')
    await mkdir(folder)
  })
  afterEach(() => bench.end())

  const source = (options: object = {}) =>
    directorySource.create('app', { type: 'directory', path: folder, ...options }, bench.ports)
  const file = (name: string, content = name) => writeFile(path.join(folder, name), content)
  const listed = async (options: object = {}) =>
    (await source(options).versions(calm)).map(({ version }) => version).sort()

  test('takes folders and archives, with or without a v, and knows the endings of archives', async () => {
    for (const name of ['1.0.0', 'v1.1.0', '2024.01.15', 'nightly']) await mkdir(path.join(folder, name))
    for (const name of ['1.2.0.tar.gz', 'v1.3.0.tgz', '1.4.0.zip', '1.5.0.tar.zst', '1.6.0.tar'])
      await file(name)
    expect(await listed()).toEqual([
      '1.0.0', '1.1.0', '1.2.0', '1.3.0', '1.4.0', '1.5.0', '1.6.0', '2024.01.15', 'nightly',
    ]) // prettier-ignore
  })

  test('passes over what is no release: hidden, half uploaded, other files, links to nowhere', async () => {
    for (const name of [
      '.1.0.0.tar.gz',
      '1.0.0.tar.gz.tmp',
      '1.0.0.tar.gz.part',
      '1.0.0.zip.filepart',
      'README.md',
    ])
      await file(name)
    await mkdir(path.join(folder, '.git'))
    await mkdir(path.join(folder, '1.1.0.tmp'))
    await symlink('gone', path.join(folder, '1.2.0'))
    expect(await listed()).toEqual([])
  })

  test('goes by the pattern', async () => {
    for (const name of [
      'app-1.0.0.tar.gz',
      'app-v1.1.0.tgz',
      'other-1.2.0.tar.gz',
      'app-1.3.0.jar',
      '1.4.0.zip',
    ])
      await file(name)
    await mkdir(path.join(folder, 'app-1.5.0'))
    expect(await listed({ pattern: 'app-{version}' })).toEqual(['1.0.0', '1.1.0', '1.5.0'])
    expect(await listed({ pattern: 'app-{version}.tar.gz' })).toEqual(['1.0.0'])
    expect(await listed({ pattern: 'app-{version}.jar' })).toEqual(['1.3.0'])
    expect(await listed({ pattern: 'app-v{version}' })).toEqual(['1.1.0'])
  })

  test('says which entries do not fit the pattern when none does, whether a version or a range is asked for', async () => {
    for (const version of [1, 2, 3, 4, 5, 6, 7]) await file(`shop-${version}.0.0.tar.gz`)
    await file('README.md')
    const misfit = source({ pattern: 'app-{version}' })
    for (const error of [
      await failureOf(misfit.versions(calm)),
      await failureOf(misfit.resolve('1.0.0', calm)),
    ]) {
      expect(error.code).toBe('VERSION_NOT_FOUND')
      expect(error.message).toContain(`nothing in the folder ${folder} fits the pattern app-{version}`)
      expect(error.details).toEqual([
        'there is: shop-1.0.0.tar.gz, shop-2.0.0.tar.gz, shop-3.0.0.tar.gz, shop-4.0.0.tar.gz, shop-5.0.0.tar.gz and 2 more',
      ])
      expect(error.hint).toContain('pattern:')
    }
    await file('app-1.0.0.zip')
    expect((await failureOf(misfit.resolve('2.0.0', calm))).details).toEqual(['there is: v1.0.0'])
  })

  test('names files that are no archives as well when the pattern has an ending of its own', async () => {
    await file('app-1.0.0.war')
    const error = await failureOf(source({ pattern: 'app-{version}.jar' }).versions(calm))
    expect(error.details).toEqual(['there is: app-1.0.0.war'])
  })

  test('follows a link to a release', async () => {
    await mkdir(path.join(bench.folder, 'elsewhere'))
    await writeFile(path.join(bench.folder, 'elsewhere', 'a'), 'a')
    await symlink('../elsewhere', path.join(folder, '1.0.0'))
    const release = await source().resolve('1.0.0', calm)
    expect(release).toMatchObject({ artifact: { kind: 'folder', name: '1.0.0', unpackedSize: 1 } })
  })

  test('says nothing of when a release was published: copying changes that', async () => {
    await file('1.0.0.zip')
    expect(await source().versions(calm)).toEqual([{ version: '1.0.0' }])
    expect(await source().resolve('1.0.0', calm)).not.toHaveProperty('publishedAt')
  })

  test('refuses a version with two entries, and only that version', async () => {
    await mkdir(path.join(folder, '1.0.0'))
    await file('v1.0.0.tar.gz')
    await file('1.1.0.zip')
    expect(await listed()).toEqual(['1.0.0', '1.1.0'])
    expect((await source().resolve('1.1.0', calm)).version).toBe('1.1.0')
    const error = await failureOf(source().resolve('1.0.0', calm))
    expect(error.code).toBe('SOURCE_GARBAGE')
    expect(error.details).toEqual(['1.0.0', 'v1.0.0.tar.gz'])
  })

  test('refuses a file where the folder should be, and says which folders may not be read', async () => {
    await file('1.0.0.zip')
    const error = await failureOf(source({ path: path.join(folder, '1.0.0.zip') }).versions(calm))
    expect([error.code, error.hint]).toEqual(['SOURCE_NOT_FOUND', expect.stringContaining('not one of them')])
    const denied = folderError(Object.assign(new Error('no'), { code: 'EACCES' }), '/releases')
    expect(denied).toMatchObject({
      code: 'SOURCE_DENIED',
      message: 'the folder /releases may not be read by this user',
    })
  })

  describe('digests', () => {
    const old = new Date('2020-01-01')
    const memories = async () => {
      const memory = path.join(bench.ports.cacheDirectory, 'directory')
      return (await readdir(memory)).map((name) => path.join(memory, name))
    }

    test('are remembered, so that a second look does not read the file', async () => {
      await file('1.0.0.zip')
      bench.pass(60_000)
      const release = await source().resolve('1.0.0', calm)
      const [memory = ''] = await memories()
      const note = JSON.parse(await readFile(memory, 'utf8')) as object
      await writeFile(memory, JSON.stringify({ ...note, digest: 'remembered' }))
      expect(await source().resolve('1.0.0', calm)).toEqual({ ...release, digest: 'remembered' })
    })

    test('are not taken from memory when only the ctime tells that the bytes are others', async () => {
      await file('1.0.0.zip', 'a'.repeat(100_000))
      await utimes(path.join(folder, '1.0.0.zip'), old, old)
      bench.pass(60_000)
      const first = await source().resolve('1.0.0', calm)
      await writeFile(path.join(folder, '1.0.0.zip'), 'b'.repeat(100_000))
      await utimes(path.join(folder, '1.0.0.zip'), old, old)
      const second = await source().resolve('1.0.0', calm)
      expect(second.digest).not.toBe(first.digest)
    })

    test('of a file that was only just written are not remembered', async () => {
      await file('1.0.0.zip')
      const release = await source().resolve('1.0.0', calm)
      expect(await source().resolve('1.0.0', calm)).toEqual(release)
      await expect(readFile(path.join(bench.ports.cacheDirectory, 'directory'))).rejects.toThrow('ENOENT')
    })

    test('of a folder change with any name, mode, link and content in it, and with nothing else', async () => {
      const at = (name: string) => path.join(folder, '1.0.0', name)
      await mkdir(at('sub'), { recursive: true })
      await writeFile(at('sub/a'), 'a')
      await symlink('sub/a', at('link'))
      const digest = async () => (await source().resolve('1.0.0', calm)).digest
      const seen = [await digest()]
      await utimes(at('sub/a'), old, old)
      expect(await digest()).toBe(seen[0])
      for (const change of [
        () => writeFile(at('sub/a'), 'b'),
        () => rename(at('sub/a'), at('sub/b')),
        () => execFileSync('chmod', ['755', at('sub/b')]),
        () => mkdir(at('empty')),
        () => rm(at('link')).then(() => symlink('sub/b', at('link'))),
      ]) {
        await change()
        seen.push(await digest())
      }
      expect(new Set(seen).size).toBe(6)
    })

    test('survive a damaged memory', async () => {
      await file('1.0.0.zip')
      bench.pass(60_000)
      const release = await source().resolve('1.0.0', calm)
      for (const memory of await memories()) await writeFile(memory, '{')
      expect(await source().resolve('1.0.0', calm)).toEqual(release)
    })
  })

  test('notices a folder that changes while it is being read', async () => {
    await mkdir(path.join(folder, '1.0.0'))
    for (let index = 0; index < 300; index++)
      await writeFile(path.join(folder, '1.0.0', `f${index}`), 'x'.repeat(5000))
    const writing = new AbortController()
    const writer = (async () => {
      while (!writing.signal.aborted) await appendFile(path.join(folder, '1.0.0', 'f299'), 'more')
    })()
    const error = await failureOf(source().resolve('1.0.0', calm)).finally(() => writing.abort())
    await writer
    expect([error.code, error.message]).toEqual([
      'ARTIFACT_MISSING',
      expect.stringContaining('changed while it was being read'),
    ])
  })

  test('refuses to hand out a folder that is not what was planned', async () => {
    await mkdir(path.join(folder, '1.0.0'))
    await file('1.0.0/content', 'planned')
    const release = await source().resolve('1.0.0', calm)
    await file('1.0.0/content', 'tampered')
    const context = { file: path.join(bench.folder, 'x'), onProgress: () => undefined, signal: calm }
    const error = await failureOf(source().fetch(release, context))
    expect([error.code, error.details.length]).toEqual(['ARTIFACT_CORRUPT', 2])
    await rm(path.join(folder, '1.0.0'), { recursive: true })
    expect((await failureOf(source().fetch(release, context))).code).toBe('ARTIFACT_MISSING')
  })

  test('says so when an archive is gone by the time it is fetched', async () => {
    await file('1.0.0.zip')
    const release = await source().resolve('1.0.0', calm)
    await rm(path.join(folder, '1.0.0.zip'))
    const context = { file: path.join(bench.folder, 'x'), onProgress: () => undefined, signal: calm }
    expect((await failureOf(source().fetch(release, context))).code).toBe('ARTIFACT_MISSING')
  })
})
