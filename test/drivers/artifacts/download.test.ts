/** Downloads against a real server that does everything a server can do wrong. */
import { execFileSync } from 'node:child_process'
import { createServer as createTlsServer } from 'node:https'
import { createServer as createTcpServer, type AddressInfo } from 'node:net'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { Clock } from '../../../src/model/clock.js'
import type { Progress } from '../../../src/model/event.js'
import { DeployError } from '../../../src/base/deploy-error.js'
import { download, type DownloadRequest } from '../../../src/drivers/artifacts/download.js'
import { systemClock } from '../../../src/drivers/system/system-clock.js'
import { canMount, never, onTinyDisk, scratchFolder } from '../system/scratch.js'
import { etagOf, file, startFileServer, status } from './file-server.js'

const scratch = await scratchFolder()
const server = await startFileServer()
const other = await startFileServer()
afterAll(async () => {
  await server.end()
  await other.end()
})

/** Remembers how long it was asked to sleep; pauses are cut short, watches are not. */
const slept: number[] = []
const clock: Clock = {
  ...systemClock,
  sleep: (ms, signal) => {
    if (ms >= 25_000 && ms <= 30_000) return systemClock.sleep(ms, signal) // the stall watch
    slept.push(ms)
    return systemClock.sleep(Math.min(ms, 30), signal)
  },
}

const content = Buffer.alloc(3_000_000)
for (let at = 0; at < content.length; at += 4) content.writeUInt32LE((at * 2654435761) >>> 0, at)
let count = 0
const fresh = (): string => join(scratch, `file-${count++}`)

function get(parts: Partial<DownloadRequest> = {}) {
  slept.length = 0
  return download({
    url: `${server.origin}/a/app-1.0.0.tar.gz?token=SECRET`,
    file: fresh(),
    onProgress: () => undefined,
    clock,
    signal: never,
    ...parts,
  })
}

async function failure(parts: Partial<DownloadRequest> = {}): Promise<DeployError> {
  const error: unknown = await get(parts).then(
    () => null,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(DeployError)
  const deployError = error as DeployError
  expect(JSON.stringify([deployError.message, deployError.hint, deployError.details])).not.toContain('SECRET')
  return deployError
}

describe('a file comes whole', () => {
  test('with progress that begins and ends, and every byte handed on once', async () => {
    server.script(file(content))
    const told: Progress[] = []
    const path = fresh()
    let next = 0
    const onBytes = (bytes: Uint8Array, offset: number): void => {
      expect(offset).toBe(next)
      next += bytes.length
    }
    expect(
      await get({ file: path, onProgress: (one) => told.push(one), onBytes, expectedSize: content.length }),
    ).toEqual({ bytes: content.length, resumedFrom: 0 })
    expect(readFileSync(path).equals(content)).toBe(true)
    expect(next).toBe(content.length)
    expect(told.at(-1)).toEqual({
      done: content.length,
      total: content.length,
      unit: 'bytes',
      label: 'downloading',
    })
    expect(existsSync(`${path}.resume`)).toBe(false)
  })

  test('without a length, too', async () => {
    server.script(file(content, { chunked: true, etag: null }))
    expect((await get()).bytes).toBe(content.length)
  })

  test('a cut connection is resumed where it was cut, as often as it is cut', async () => {
    server.script(
      file(content, { cutAfter: 1_000_000 }),
      file(content, { cutAfter: 500_000 }),
      status(503),
      file(content),
    )
    const path = fresh()
    await get({ file: path })
    expect(readFileSync(path).equals(content)).toBe(true)
    const ranges = server.requests.map((request) => request.headers.range)
    expect(ranges[0]).toBe(undefined)
    expect(Number(/\d+/.exec(ranges[3] ?? '')?.[0])).toBeGreaterThan(500_000)
    expect(server.requests[3]?.headers['if-range']).toBe(etagOf(content))
  })

  test('what an earlier process left is continued', async () => {
    const path = fresh()
    writeFileSync(path, content.subarray(0, 2_000_000))
    writeFileSync(`${path}.resume`, `v1 ${etagOf(content)}`)
    server.script(file(content))
    expect(await get({ file: path })).toEqual({ bytes: content.length, resumedFrom: 2_000_000 })
    expect(server.requests[0]?.headers.range).toBe('bytes=2000000-')
    expect(readFileSync(path).equals(content)).toBe(true)
  })

  test('what is whole already is not asked for, or only whether there is more', async () => {
    const path = fresh()
    writeFileSync(path, content)
    writeFileSync(`${path}.resume`, `v1 ${etagOf(content)}`)
    server.script(file(content))
    expect(await get({ file: path })).toMatchObject({ bytes: content.length })
    expect(server.requests.length).toBe(1)
    writeFileSync(`${path}.resume`, `v1 ${etagOf(content)}`)
    server.script(status(500))
    expect(await get({ file: path, expectedSize: content.length })).toMatchObject({ bytes: content.length })
    expect(server.requests.length).toBe(0)
  })

  test.each([
    ['has changed in the meantime', file(content, { etag: '"another"' })],
    ['does not do ranges', file(content, { ranges: false })],
    ['has become shorter', file(content.subarray(0, 1000), { etag: '"another"' })],
  ])('it begins again when the server %s', async (_, answer) => {
    const path = fresh()
    writeFileSync(path, Buffer.alloc(2_000_000, 'old'))
    writeFileSync(`${path}.resume`, `v1 "an-old-etag"`)
    server.script(answer)
    const { bytes } = await get({ file: path })
    expect(readFileSync(path).equals(content.subarray(0, bytes))).toBe(true)
  })

  test('a server that answers with another range is not believed', async () => {
    const path = fresh()
    writeFileSync(path, content.subarray(0, 1000))
    writeFileSync(`${path}.resume`, `v1 ${etagOf(content)}`)
    server.script(
      status(206, { 'content-range': `bytes 500-999/${content.length}` }, 'x'.repeat(500)),
      file(content),
    )
    await get({ file: path })
    expect(readFileSync(path).equals(content)).toBe(true)
  })

  test('without anything to know it by, it begins again', async () => {
    const path = fresh()
    writeFileSync(path, 'old')
    server.script(file(content, { etag: null }))
    await get({ file: path })
    expect(server.requests[0]?.headers.range).toBe(undefined)
    expect(readFileSync(path).equals(content)).toBe(true)
  })

  test('a stalled server is given up and asked again', async () => {
    server.script(file(content, { stallAfter: 1_500_000 }), file(content, { stallAfter: 0 }), file(content))
    const path = fresh()
    await get({ file: path, stallMs: 150 })
    expect(readFileSync(path).equals(content)).toBe(true)
    expect(server.requests.length).toBe(3)
  })

  test('redirects are followed, and secrets stay with the origin they are for', async () => {
    other.script(file(content))
    server.script(
      status(302, { location: '/b' }),
      status(307, { location: `${other.origin}/asset?signature=x` }),
    )
    const headers = {
      authorization: 'Bearer SECRET',
      'private-token': 'SECRET',
      accept: 'application/octet-stream',
    }
    await get({ headers })
    expect(server.requests[1]?.headers).toMatchObject({
      authorization: 'Bearer SECRET',
      'private-token': 'SECRET',
    })
    expect(other.requests[0]?.headers.authorization).toBe(undefined)
    expect(other.requests[0]?.headers['private-token']).toBe(undefined)
    expect(other.requests[0]?.headers.accept).toBe('application/octet-stream')
  })

  test('user and password in the address become a header', async () => {
    server.script(file(content))
    await get({ url: `${server.origin.replace('//', '//me:p%40ss@')}/x` })
    expect(server.requests[0]?.headers.authorization).toBe(
      `Basic ${Buffer.from('me:p@ss').toString('base64')}`,
    )
  })

  test('a rate limit is waited for as long as the server asks', async () => {
    server.script(status(429, { 'retry-after': '7' }), status(503, { 'retry-after': '3' }), file(content))
    await get()
    expect(slept.some((ms) => ms >= 7000 && ms < 8000)).toBe(true)
    expect(slept.some((ms) => ms >= 3000 && ms < 4000)).toBe(true)
  })

  test('a page is a page when a page was asked for', async () => {
    server.script(status(200, { 'content-type': 'text/html' }, '<!doctype html>hello'))
    expect((await get({ url: `${server.origin}/manual.html` })).bytes).toBe(20)
  })
})

describe('what goes wrong is told in words, and tried again only where that may help', () => {
  const page = status(
    200,
    { 'content-type': 'text/html; charset=utf-8' },
    '<!DOCTYPE html><html><title>Sign in · Example</title>',
  )
  const table = {
    'not found': {
      answer: status(404, {}, '{"message":"Not Found"}'),
      code: 'ARTIFACT_MISSING',
      says: /a\/app-1.0.0.tar.gz is not there \(404\)/,
      tries: 1,
      detail: 'it said: Not Found',
    },
    gone: { answer: status(410), code: 'ARTIFACT_MISSING', says: /\(410\)/, tries: 1 },
    'no credentials': { answer: status(401), code: 'SOURCE_DENIED', says: /wants credentials/, tries: 1 },
    'not allowed': {
      answer: status(403, {}, '<html><body>no <b>way</b>'),
      code: 'SOURCE_DENIED',
      says: /may not be read/,
      tries: 1,
      detail: 'it said: no way',
    },
    'a rate limit that lasts': {
      answer: status(429, { 'retry-after': '600' }),
      code: 'SOURCE_RATE_LIMITED',
      says: /too many requests/,
      tries: 1,
      hint: /in 10m/,
    },
    'a rate limit as GitHub says it': {
      answer: status(403, {
        'x-ratelimit-remaining': '0',
        'x-ratelimit-reset': String(Math.round(Date.now() / 1000) + 1800),
      }),
      code: 'SOURCE_RATE_LIMITED',
      says: /too many requests/,
      tries: 1,
      hint: /in (30m|29m \d+s)/,
    },
    'too many requests, without an end': {
      answer: status(429),
      code: 'SOURCE_RATE_LIMITED',
      says: /too many/,
      tries: 6,
      hint: /later/,
    },
    'a broken server': {
      answer: status(500, {}, '\u001b[31moops\u0007'),
      code: 'SOURCE_UNREACHABLE',
      says: /error \(500\)/,
      tries: 6,
      detail: 'it said: [31moops',
    },
    'a teapot': { answer: status(418), code: 'SOURCE_GARBAGE', says: /418, which makes no sense/, tries: 1 },
    'a login page': {
      answer: page,
      code: 'SOURCE_GARBAGE',
      says: /web page instead of the file/,
      tries: 1,
      detail: 'it says: Sign in · Example',
    },
    'no bytes': { answer: status(200), code: 'SOURCE_GARBAGE', says: /sent 0 bytes/, tries: 6 },
    'a body that is always cut': {
      answer: file(content, { cutAfter: 1000, etag: null }),
      code: 'SOURCE_UNREACHABLE',
      says: /connection was cut/,
      tries: 6,
    },
    'a redirect loop': {
      answer: status(302, { location: '/again' }),
      code: 'SOURCE_UNREACHABLE',
      says: /redirects more than 10 times/,
      tries: 11,
    },
    'a redirect to nowhere': {
      answer: status(302, { location: 'ftp://example.com/x' }),
      code: 'SOURCE_UNREACHABLE',
      says: /no http address/,
      tries: 1,
    },
    'compression called an encoding': {
      answer: status(200, { 'content-encoding': 'gzip' }, ''),
      code: 'SOURCE_GARBAGE',
      says: /without its compression/,
      tries: 1,
    },
  } as const
  test.each(Object.entries(table))('%s', async (_, row) => {
    server.script(row.answer)
    const error = await failure()
    expect(error.code).toBe(row.code)
    expect(error.message).toMatch(row.says)
    expect(server.requests.length).toBe(row.tries)
    if ('hint' in row) expect(error.hint).toMatch(row.hint)
    if ('detail' in row) expect(error.details).toContain(row.detail)
    if (row.tries === 6) expect(error.details).toContain('tried 6 times')
  })

  test('another size than announced is refused before it is downloaded', async () => {
    server.script(file(content))
    const error = await failure({ expectedSize: 1_000_000 })
    expect(error).toMatchObject({ code: 'ARTIFACT_CORRUPT' })
    expect(error.message).toMatch(/has 3000000 bytes where the source announced 1000000/)
  })

  test('more bytes than announced are refused while they come', async () => {
    server.script(file(content, { chunked: true }))
    expect((await failure({ expectedSize: 1_000_000 })).message).toMatch(/sends more/)
  })

  test('a stall, at last', async () => {
    server.script(file(content, { stallAfter: 10_000, etag: null }))
    const error = await failure({ stallMs: 60 })
    expect(error).toMatchObject({ code: 'SOURCE_UNREACHABLE' })
    expect(error.message).toMatch(/stopped sending: 10 kB had come, then nothing for 60ms/)
  })

  test('a deadline for all of it', async () => {
    server.script(file(content, { stallAfter: 10_000 }))
    expect(await failure({ deadlineMs: 200 })).toMatchObject({ code: 'TIMEOUT' })
  })

  test('cancelling keeps what has come', async () => {
    server.script(file(content, { stallAfter: 2_000_000 }))
    const cancel = new AbortController()
    const path = fresh()
    const onProgress = ({ done }: Progress): void => {
      if (done > 0) setTimeout(() => cancel.abort(), 100)
    }
    expect(await failure({ signal: cancel.signal, file: path, onProgress })).toMatchObject({
      code: 'CANCELLED',
    })
    expect(readFileSync(path).length).toBeGreaterThan(0)
    server.script(file(content))
    expect((await get({ file: path })).resumedFrom).toBeGreaterThan(0)
    expect(readFileSync(path).equals(content)).toBe(true)
  })

  test('a server that is not there', async () => {
    const error = await failure({ url: 'http://127.0.0.1:9/x' })
    expect(error).toMatchObject({ code: 'SOURCE_UNREACHABLE' })
    expect(error.message).toMatch(/^http:\/\/127.0.0.1:9\/x cannot be reached: /)
  })

  test('a name that is not there', async () => {
    const error = await failure({ url: 'https://no-such-host.invalid/x' })
    expect(error.code).toBe('SOURCE_UNREACHABLE')
    expect(error.message).toMatch(/no host of that name|cannot be looked up/)
  })

  test('a port that speaks something else', async () => {
    const tcp = createTcpServer((socket) => socket.end('220 mail ready\r\n'))
    await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve))
    const { port } = tcp.address() as AddressInfo
    expect(await failure({ url: `http://127.0.0.1:${port}/x` })).toMatchObject({ code: 'SOURCE_GARBAGE' })
    expect((await failure({ url: `https://127.0.0.1:${port}/x` })).message).toMatch(/does not speak TLS|TLS/)
    tcp.close()
  })

  test('a certificate that nobody vouches for', async () => {
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-subj',
        '/CN=localhost',
        '-days',
        '1',
        '-keyout',
        join(scratch, 'key'),
        '-out',
        join(scratch, 'cert'),
      ],
      { stdio: 'ignore' },
    )
    const tls = createTlsServer(
      { key: readFileSync(join(scratch, 'key')), cert: readFileSync(join(scratch, 'cert')) },
      (_, response) => response.end('x'),
    )
    await new Promise<void>((resolve) => tls.listen(0, '127.0.0.1', resolve))
    const { port } = tls.address() as AddressInfo
    const error = await failure({ url: `https://127.0.0.1:${port}/x` })
    expect(error.message).toMatch(/its certificate is self-signed/)
    expect(error.details).not.toContain('tried 6 times')
    tls.close()
    tls.closeAllConnections()
  })

  test.skipIf(!canMount)('a full disk', async () => {
    server.script(file(content))
    await onTinyDisk(scratch, 'size=1m', async (disk) => {
      expect(await failure({ file: join(disk, 'x') })).toMatchObject({ code: 'DISK_FULL' })
    })
    expect(server.requests.length).toBe(1)
  })

  test('an address that is none does not show its secret', async () => {
    expect((await failure({ url: 'https://user:SECRET@' })).code).toBe('CONFIG_INVALID')
    expect((await failure({ url: 'ftp://user:SECRET@host/x?SECRET' })).message).toBe(
      'ftp://host/x is no http address',
    )
  })
})
