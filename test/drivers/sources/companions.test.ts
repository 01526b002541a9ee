/** Small files beside releases in a folder and on a web server: checksums and signatures. */
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { directorySource } from '../../../src/drivers/sources/directory/directory-source.js'
import { httpSource } from '../../../src/drivers/sources/http/http-source.js'
import { failureOf } from '../../contract/source.contract.js'
import { answers, startLoopbackServer, type LoopbackServer } from './loopback-server.js'
import { beginBench, calm, type SourceBench } from './source-bench.js'

let bench: SourceBench
beforeEach(async () => {
  bench = await beginBench()
})
afterEach(() => bench.end())

const textOf = (bytes: Uint8Array | null): string | null =>
  bytes === null ? null : Buffer.from(bytes).toString()
const tooMuch = Buffer.alloc(2 ** 20 + 1)

describe('in a folder', () => {
  const companion = async (name: string) => {
    const spec = { type: 'directory', path: 'releases', pattern: 'app-{version}.tgz' }
    const source = directorySource.create('app', spec, bench.ports)
    return source.companion!(await source.resolve('1.0.0', calm), name, calm)
  }
  const put = (name: string, content: string | Buffer) =>
    writeFile(path.join(bench.folder, 'releases', name), content)
  beforeEach(async () => {
    await mkdir(path.join(bench.folder, 'releases', 'folder'), { recursive: true })
    await put('app-1.0.0.tgz', 'release')
  })

  test('they are read, with the version filled in', async () => {
    await put('app-1.0.0.tgz.sig', 'signature')
    expect(textOf(await companion('app-{version}.tgz.sig'))).toBe('signature')
    expect(textOf(await companion('app-1.0.0.tgz.sig'))).toBe('signature')
  })

  test('what is not there, no file, or elsewhere, is none', async () => {
    await writeFile(path.join(bench.folder, 'secret'), 'x')
    for (const name of ['SUMS', 'folder', '../secret', '..', '.', 'folder/../app-1.0.0.tgz']) {
      expect(await companion(name), name).toBeNull()
    }
  })

  test('what is too large, or may not be read, is told', async () => {
    await put('SUMS', tooMuch)
    expect(await failureOf(companion('SUMS'))).toMatchObject({
      code: 'SOURCE_GARBAGE',
      hint: expect.stringContaining('verify:') as string,
    })
    if (process.getuid?.() === 0) return // root may read everything
    await put('SUMS', 'x')
    await chmod(path.join(bench.folder, 'releases', 'SUMS'), 0o000)
    expect(await failureOf(companion('SUMS'))).toMatchObject({ code: 'SOURCE_DENIED' })
  })
})

describe('on a web server', () => {
  let server: LoopbackServer
  beforeEach(async () => {
    server = await startLoopbackServer()
    server.serve('/dist/1.0.0/app-1.0.0.tgz', 'release')
  })
  afterEach(() => server.end())
  const companion = async (name: string, query = '') => {
    const url = `${server.origin}/dist/{version}/app-{version}.tgz${query}`
    const spec = { type: 'http', versions: ['1.0.0'], url, headers: { authorization: 'Bearer x' } }
    const source = httpSource.create('app', spec, bench.ports)
    const release = {
      source: 'app',
      version: '1.0.0',
      digest: '',
      artifact: { kind: 'archive', name: 'app-1.0.0.tgz', location: url.replaceAll('{version}', '1.0.0') },
    } as const
    return source.companion!(release, name, calm)
  }

  test('they are read from the same folder, with the login and without the query', async () => {
    server.serve('/dist/1.0.0/app-1.0.0.tgz.sig', 'signature')
    server.serve('/dist/1.0.0/a%20b%3F', 'odd')
    expect(textOf(await companion('app-{version}.tgz.sig', '?token=1'))).toBe('signature')
    expect(textOf(await companion('a b?'))).toBe('odd')
    expect(server.asked[0]).toMatchObject({
      path: '/dist/1.0.0/app-1.0.0.tgz.sig',
      headers: { authorization: 'Bearer x' },
    })
  })

  test('what is not there, or a web page instead, is none', async () => {
    expect(await companion('SUMS')).toBeNull()
    server.serve('/dist/1.0.0/SUMS', '<!doctype html><title>App</title>', { 'content-type': 'text/html' })
    expect(await companion('SUMS')).toBeNull()
  })

  test('what is refused, or too large, is told', async () => {
    server.serve('/dist/1.0.0/SUMS', tooMuch)
    expect(await failureOf(companion('SUMS'))).toMatchObject({ code: 'SOURCE_GARBAGE' })
    server.serve('/dist/1.0.0/SUMS', answers.status(403, 'no'))
    expect(await failureOf(companion('SUMS'))).toMatchObject({ code: 'SOURCE_DENIED' })
  })
})
