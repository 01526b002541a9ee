/** The cache: whole and verified or absent, fetched once, whoever asks and whatever is killed. */
import { spawn, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { createArtifacts } from '../../../src/drivers/artifacts/artifact-cache.js'
import { download } from '../../../src/drivers/artifacts/download.js'
import { startOf, thisPlace } from '../../../src/drivers/system/process-identity.js'
import { systemClock } from '../../../src/drivers/system/system-clock.js'
import type { Artifacts, Source } from '../../../src/model/source.js'
import type { Release } from '../../../src/model/release.js'
import { canMount, never, onTinyDisk, scratchFolder, until } from '../system/scratch.js'
import { file, startFileServer, status } from './file-server.js'

const scratch = await scratchFolder()
const server = await startFileServer()
afterAll(() => server.end())

const content = Buffer.alloc(5_000_000)
for (let at = 0; at < content.length; at += 4) content.writeUInt32LE((at * 2246822519) >>> 0, at)
const sha256 = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`
const digest = sha256(content)

let directory = ''
let count = 0
beforeEach(() => {
  directory = join(scratch, `cache-${count++}`)
  server.script(file(content))
})

const quick = {
  ...systemClock,
  sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(ms > 20_000 ? ms : Math.min(ms, 20), signal),
}
const source: Source = {
  versions: async () => [],
  resolve: () => Promise.reject(new Error('not asked for')),
  async fetch(release, context) {
    if (release.artifact.kind === 'folder')
      return { kind: 'folder', path: release.artifact.location, name: release.artifact.name }
    await download({ url: `${server.origin}/app.tgz`, ...context, clock: quick })
    return { kind: 'archive', path: context.file, name: release.artifact.name }
  },
}
function cache(parts: { readonly directory?: string; readonly source?: Source } = {}): Artifacts {
  return createArtifacts({
    directory: parts.directory ?? directory,
    source: () => parts.source ?? source,
    clock: quick,
    pid: process.pid,
  })
}
const release = (parts: Partial<Release> = {}): Release => ({
  source: 'app',
  version: '1.0.0',
  digest,
  artifact: { kind: 'archive', name: 'app.tgz', location: '', size: content.length },
  ...parts,
})
const obtain = (artifacts = cache(), wanted = release(), labels: string[] = []) =>
  artifacts.obtain(wanted, { type: 'test' }, ({ label }) => labels.push(label), never)

describe('an artifact is fetched once', () => {
  test('and lies there under its digest, with a note', async () => {
    const found = await obtain()
    expect(found).toEqual({
      kind: 'archive',
      path: join(directory, digest.replace(':', '-')),
      name: 'app.tgz',
    })
    expect(readFileSync(found.path).equals(content)).toBe(true)
    expect(JSON.parse(readFileSync(`${found.path}.json`, 'utf8'))).toMatchObject({
      name: 'app.tgz',
      digest,
      size: content.length,
      source: 'app',
      version: '1.0.0',
    })
    expect(statSync(directory).mode & 0o777).toBe(0o700)
    server.script(status(500))
    expect(await obtain()).toEqual(found)
    expect(server.requests.length).toBe(0)
    expect(readdirSync(join(directory, 'partial'))).toEqual([])
    expect(readdirSync(join(directory, 'locks'))).toEqual([])
  })

  test('by sha512 as well, and by a source that hands no bytes on', async () => {
    const silent: Source = {
      ...source,
      fetch: async (wanted, { file: path }) => (
        writeFileSync(path, content),
        { kind: 'archive', path, name: wanted.artifact.name }
      ),
    }
    const sha512 = `sha512:${createHash('sha512').update(content).digest('hex')}`
    await obtain(cache({ source: silent }), release({ digest: sha512 }))
    expect(existsSync(join(directory, sha512.replace(':', '-')))).toBe(true)
  })

  test('by ten who want it at once', async () => {
    const labels: string[] = []
    await Promise.all(
      Array.from({ length: 10 }, (_, index) => obtain(cache(), release(), index === 0 ? [] : labels)),
    )
    expect(server.requests.length).toBe(1)
    expect(labels).toContain('waiting for another download of it')
  })

  test('but never too many different ones at a time', async () => {
    let [running, most] = [0, 0]
    const counting: Source = {
      ...source,
      fetch: async (wanted, { file: path }) => {
        most = Math.max(most, ++running)
        await systemClock.sleep(20)
        writeFileSync(path, wanted.version)
        running--
        return { kind: 'archive', path, name: wanted.artifact.name }
      },
    }
    const artifacts = cache({ source: counting })
    await Promise.all(
      Array.from({ length: 12 }, (_, index) => {
        const artifact = { kind: 'archive', name: 'app.tgz', location: '' } as const
        const version = `1.0.${index}`
        return obtain(artifacts, release({ version, digest: sha256(Buffer.from(version)), artifact }))
      }),
    )
    expect(most).toBe(4)
  })

  test('a folder is passed through', async () => {
    const artifact = { kind: 'folder', name: 'v1', location: '/srv/v1' } as const
    expect(await obtain(cache(), release({ artifact }))).toEqual({
      kind: 'folder',
      path: '/srv/v1',
      name: 'v1',
    })
    expect(existsSync(directory)).toBe(false)
  })

  test('one that is cancelled leaves the others alone', async () => {
    server.script(file(content, { stallAfter: 1_000_000 }), file(content))
    const cancel = new AbortController()
    const first = cache().obtain(
      release(),
      { type: 'test' },
      ({ done }) => done > 0 && cancel.abort(),
      cancel.signal,
    )
    first.catch(() => undefined) // it may be over before it is looked at
    await until(() => server.requests.length > 0) // it has the lock
    const second = obtain()
    await expect(first).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(readFileSync((await second).path).equals(content)).toBe(true)
  })
})

describe('only what is right gets in', () => {
  test('a wrong byte anywhere is refused, with both digests', async () => {
    for (const at of [0, 2_500_000, content.length - 1]) {
      const wrong = Buffer.from(content)
      wrong[at] = (wrong[at] ?? 0) ^ 1
      server.script(file(wrong))
      const error: unknown = await obtain().catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({
        code: 'ARTIFACT_CORRUPT',
        message: 'app.tgz of app v1.0.0 is not what was announced',
      })
      expect(error).toMatchObject({ details: [`expected ${digest}`, `got      ${sha256(wrong)}`] })
      expect(readdirSync(directory).sort()).toEqual(['locks', 'partial'])
      expect(readdirSync(join(directory, 'partial'))).toEqual([])
    }
  })

  test('what rotted in the cache is fetched again', async () => {
    const { path } = await obtain()
    const rotten = Buffer.from(content)
    rotten[4_000_000] = 0x55
    writeFileSync(path, rotten)
    await obtain()
    expect(server.requests.length).toBe(2)
    expect(readFileSync(path).equals(content)).toBe(true)
  })

  test('a beginning that a crash has torn is thrown away, and all of it fetched', async () => {
    mkdirSync(join(directory, 'partial'), { recursive: true })
    const partial = join(directory, 'partial', digest.replace(':', '-'))
    writeFileSync(partial, Buffer.alloc(3_000_000)) // zeros, as a power cut leaves them
    writeFileSync(`${partial}.resume`, `v1 "${createHash('sha1').update(content).digest('hex')}"`)
    await obtain()
    expect(server.requests.map((request) => request.headers.range)).toEqual(['bytes=3000000-', undefined])
  })

  test('a digest that cannot be verified is none', async () => {
    for (const odd of ['md5:d41d8cd98f00b204e9800998ecf8427e', 'sha256:abc', '../../etc/passwd', '']) {
      await expect(obtain(cache(), release({ digest: odd }))).rejects.toMatchObject({
        code: 'SOURCE_GARBAGE',
      })
    }
  })

  test.skipIf(!canMount)('a disk without room is told before anything is fetched', async () => {
    await onTinyDisk(scratch, 'size=1m', async (disk) => {
      const error: unknown = await obtain(cache({ directory: join(disk, 'cache') })).catch(
        (thrown: unknown) => thrown,
      )
      expect(error).toMatchObject({
        code: 'DISK_FULL',
        message: expect.stringMatching(/app.tgz needs 5.0 MB, but only .* are free/) as string,
      })
    })
    expect(server.requests.length).toBe(0)
  })
})

describe('between processes', () => {
  const children: ChildProcess[] = []
  const start = (
    size = content.length,
  ): { readonly child: ChildProcess; readonly done: Promise<{ code: number | null; out: string }> } => {
    const script = join(import.meta.dirname, 'obtain-child.ts')
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', script, directory, `${server.origin}/app.tgz`, digest, String(size)],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    children.push(child)
    let out = ''
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
    return { child, done: new Promise((resolve) => child.on('close', (code) => resolve({ code, out }))) }
  }
  afterAll(() => children.forEach((child) => child.kill('SIGKILL')))

  test('three at once download once', async () => {
    server.script(file(content))
    const all = await Promise.all([start().done, start().done, start().done])
    expect(all.map(({ code }) => code)).toEqual([0, 0, 0])
    expect(server.requests.length).toBe(1)
    expect(readFileSync(join(directory, digest.replace(':', '-'))).equals(content)).toBe(true)
  }, 60_000)

  test('SIGKILL at ten points of a download: the next one goes on, and it comes out whole', async () => {
    const partial = join(directory, 'partial', digest.replace(':', '-'))
    const seen: number[] = []
    for (let point = 0; point < 10; point++) {
      const sent = Math.floor((content.length * point) / 9)
      const already = existsSync(partial) ? statSync(partial).size : 0
      // the server stops, at this point of the file, so the kill comes exactly there
      server.script(file(content, { stallAfter: Math.max(0, sent - already) }))
      const { child, done } = start()
      await until(() => server.requests.length > 0)
      const flushed = Math.max(already, Math.floor((sent - already) / 2 ** 20) * 2 ** 20 + already)
      await until(
        () =>
          (existsSync(partial) ? statSync(partial).size : 0) >= (point === 9 ? 0 : flushed) ||
          existsSync(join(directory, digest.replace(':', '-'))),
      )
      child.kill('SIGKILL')
      await done
      seen.push(existsSync(partial) ? statSync(partial).size : content.length)
    }
    expect(seen.every((bytes, index) => index === 0 || bytes >= (seen[index - 1] ?? 0))).toBe(true)
    expect(seen.at(-2)).toBeGreaterThan(2_000_000)
    server.script(file(content))
    const { code, out } = await start().done
    expect(code).toBe(0)
    expect(readFileSync((JSON.parse(out) as { path: string }).path).equals(content)).toBe(true)
    expect(readdirSync(join(directory, 'partial'))).toEqual([])
    expect(readdirSync(join(directory, 'locks'))).toEqual([])
  }, 120_000)

  test('the lock of a process that is gone is taken over, that of a living one is not', async () => {
    mkdirSync(join(directory, 'locks'), { recursive: true })
    const lock = join(directory, 'locks', digest.replace(':', '-'))
    const owner = (pid: number, startedAt: string): string =>
      JSON.stringify({ token: 'x', pid, startedAt, place: thisPlace() })
    writeFileSync(lock, owner(process.pid, 'another start'))
    await obtain()
    expect(existsSync(lock)).toBe(false)

    const wanted = release({ digest: sha256(Buffer.from('other')) })
    const held = join(directory, 'locks', wanted.digest.replace(':', '-'))
    writeFileSync(held, owner(process.pid, (await startOf(process.pid)) ?? ''))
    const cancel = new AbortController()
    const waiting = cache().obtain(wanted, { type: 'test' }, () => cancel.abort(), cancel.signal)
    await expect(waiting).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(existsSync(held)).toBe(true)
  })

  test('an owner that cannot be judged from here is taken over once it has been silent', async () => {
    mkdirSync(join(directory, 'locks'), { recursive: true })
    const lock = join(directory, 'locks', digest.replace(':', '-'))
    writeFileSync(
      lock,
      JSON.stringify({
        token: 'x',
        pid: 1,
        startedAt: '',
        place: { machineId: 'another', bootId: '', namespace: '' },
      }),
    )
    const longAgo = new Date(Date.now() - 120_000)
    utimesSync(lock, longAgo, longAgo)
    await obtain()
    expect(server.requests.length).toBe(1)
  })
})
