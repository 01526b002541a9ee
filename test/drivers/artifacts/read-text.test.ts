/** Small documents over HTTP: conditional requests, limits, and errors in words. */
import { afterAll, describe, expect, test } from 'vitest'
import { DeployError } from '../../../src/base/deploy-error.js'
import { readJson, readText, type ReadRequest } from '../../../src/drivers/artifacts/read-text.js'
import { systemClock } from '../../../src/drivers/system/system-clock.js'
import { never } from '../system/scratch.js'
import { file, startFileServer, status } from './file-server.js'

const server = await startFileServer()
afterAll(() => server.end())

const request = (parts: Partial<ReadRequest> = {}): ReadRequest => ({
  url: `${server.origin}/index.json?key=SECRET`,
  clock: systemClock,
  signal: never,
  retry: { retries: 2, firstPauseMs: 1, longestPauseMs: 2, patienceMs: 5000 },
  ...parts,
})
async function failure(parts: Partial<ReadRequest> = {}): Promise<DeployError> {
  const error: unknown = await readJson(request(parts)).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(DeployError)
  expect(JSON.stringify([(error as DeployError).message, (error as DeployError).details])).not.toContain(
    'SECRET',
  )
  return error as DeployError
}

test('a document comes once, and then only when it has changed', async () => {
  const etag = '"1"'
  server.script(status(200, { etag, link: '</2>; rel="next"' }, '{"a":1}'), status(304, { etag }))
  const first = await readJson(request())
  expect(first).toMatchObject({ status: 'fresh', body: { a: 1 }, etag })
  expect(first.status === 'fresh' && first.headers.get('link')).toBe('</2>; rel="next"')
  expect(await readJson(request({ etag }))).toEqual({ status: 'unchanged' })
  expect(server.requests[1]?.headers['if-none-match']).toBe(etag)
})

test('by date where there is no ETag', async () => {
  const date = 'Wed, 21 Oct 2015 07:28:00 GMT'
  server.script(status(200, { 'last-modified': date }, 'text'), status(304))
  expect(await readText(request())).toMatchObject({ body: 'text', etag: null, lastModified: date })
  expect(await readText(request({ lastModified: date }))).toEqual({ status: 'unchanged' })
})

test('HEAD asks for the headers only', async () => {
  server.script(status(200, { 'docker-content-digest': 'sha256:x' }))
  const answer = await readText(request({ method: 'HEAD' }))
  expect(answer.status === 'fresh' && answer.headers.get('docker-content-digest')).toBe('sha256:x')
  expect(server.requests[0]?.method).toBe('HEAD')
})

test('what fails for a moment is asked again', async () => {
  server.script(status(502), file(Buffer.from('{"a":1}'), { cutAfter: 3 }), status(200, {}, '{}'))
  expect(await readJson(request())).toMatchObject({ body: {} })
  expect(server.requests.length).toBe(3)
})

describe('what goes wrong is told', () => {
  test.each([
    ['not there', status(404), 'SOURCE_NOT_FOUND', /is not there/],
    [
      'not JSON',
      status(200, {}, '<html><title>Log in</title>'),
      'SOURCE_GARBAGE',
      /did not answer with JSON/,
    ],
    ['nothing', status(200, {}, ''), 'SOURCE_GARBAGE', /did not answer with JSON/],
    ['too much', status(200, {}, '"'.padEnd(5000, 'x')), 'SOURCE_GARBAGE', /more than 1.0 kB/],
    ['a stall', file(Buffer.from('{}'), { stallAfter: 1 }), 'SOURCE_UNREACHABLE', /stopped answering/],
    ['304 that was not asked for', status(304), 'SOURCE_GARBAGE', /304/],
    ['out of service', status(503), 'SOURCE_UNREACHABLE', /\(503\)/],
  ])('%s', async (_, answer, code, says) => {
    server.script(answer)
    const error = await failure({ maxBytes: 1000, stallMs: 80 })
    expect(error.code).toBe(code)
    expect(error.message).toMatch(says)
  })

  test('its own word for what is missing', async () => {
    server.script(status(404))
    expect((await failure({ missing: 'VERSION_NOT_FOUND' })).code).toBe('VERSION_NOT_FOUND')
  })

  test('a deadline, and a cancelled request', async () => {
    server.script(file(Buffer.from('{}'), { stallAfter: 1 }))
    expect((await failure({ deadlineMs: 50 })).code).toBe('TIMEOUT')
    const cancel = new AbortController()
    setTimeout(() => cancel.abort(), 30)
    expect((await failure({ signal: cancel.signal })).code).toBe('CANCELLED')
  })
})
