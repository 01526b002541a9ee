/** What can go wrong between an s3 source and its server: each failure in words, with what to do. */
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ErrorCode } from '../../../../src/base/deploy-error.js'
import { s3Source } from '../../../../src/drivers/sources/s3/s3-source.js'
import { s3Setback } from '../../../../src/drivers/s3/s3-trouble.js'
import { freePort, serveHttps } from '../../../contract/loopback.js'
import { failureOf } from '../../../contract/source.contract.js'
import { s3Error, standInBucket, startS3StandIn, type S3StandIn } from '../../../support/s3-stand-in.js'
import { makeCertificate } from '../certificate.js'
import { answers, type Handler } from '../loopback-server.js'
import { beginBench, calm, type SourceBench } from '../source-bench.js'

let bench: SourceBench
let server: S3StandIn
const source = (options: object = {}) =>
  s3Source.create(
    'app',
    {
      type: 's3',
      endpoint: server.endpoint,
      bucket: standInBucket,
      pattern: 'app-{version}.tgz',
      region: 'eu-west-1',
      accessKeyId: 'AKIATEST',
      secretAccessKey: 'testing',
      ...options,
    },
    bench.ports,
  )
beforeEach(async () => {
  bench = await beginBench()
  server = await startS3StandIn()
  server.put('app-1.0.0.tgz', 'x'.repeat(5000), { sha256: 'own' })
})
afterEach(async () => {
  await server.end()
  await bench.end()
})

/** Never answers, while time passes. */
const silence: Handler = (_request, response) => {
  const passing = setInterval(() => bench.pass(31_000), 5)
  response.on('close', () => clearInterval(passing))
}
/** The head of an answer, then a byte now and then. */
const slowLoris: Handler = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/xml' })
  const dripping = setInterval(() => {
    response.write(' ')
    bench.pass(10_000)
  }, 5)
  response.on('close', () => clearInterval(dripping))
}
const skewed: Handler = (request, response) => {
  response.setHeader('date', new Date(Date.now() - 3_600_000).toUTCString())
  s3Error(403, 'RequestTimeTooSkewed', 'The difference is too large.')(request, response)
}

type Row = readonly [string, ErrorCode, RegExp, RegExp, Handler]
const listing: readonly Row[] = [
  [
    'no such bucket',
    'SOURCE_NOT_FOUND',
    /has no bucket releases/,
    /bucket:/,
    s3Error(404, 'NoSuchBucket', 'gone'),
  ],
  [
    'no right to it',
    'SOURCE_DENIED',
    /may not be read/,
    /s3:ListBucket/,
    s3Error(403, 'AccessDenied', 'Access Denied'),
  ],
  [
    'an unknown key',
    'SOURCE_DENIED',
    /does not know the access key/,
    /accessKeyId:/,
    s3Error(403, 'InvalidAccessKeyId', 'no'),
  ],
  [
    'another secret',
    'SOURCE_DENIED',
    /secret access key is another one/,
    /secretAccessKey:/,
    s3Error(403, 'SignatureDoesNotMatch', 'no'),
  ],
  [
    'an expired login',
    'SOURCE_DENIED',
    /has expired/,
    /Log in again/,
    s3Error(400, 'ExpiredToken', 'The provided token has expired.'),
  ],
  ['a wrong clock', 'SOURCE_DENIED', /clocks .* differ by 1h/, /Set the clock/, skewed],
  [
    'another region, by header',
    'SOURCE_NOT_FOUND',
    /is in the region us-west-2, not in eu-west-1/,
    /Set region: us-west-2/,
    (request, response) => {
      response.setHeader('x-amz-bucket-region', 'us-west-2')
      s3Error(301, 'PermanentRedirect', 'use another endpoint')(request, response)
    },
  ],
  [
    'another region, in the answer',
    'SOURCE_NOT_FOUND',
    /is in the region eu-central-1, not in eu-west-1/,
    /Set region: eu-central-1/,
    s3Error(400, 'AuthorizationHeaderMalformed', 'expecting eu-central-1', '<Region>eu-central-1</Region>'),
  ],
  [
    'too many requests',
    'SOURCE_RATE_LIMITED',
    /too many requests/,
    /Try again/,
    s3Error(503, 'SlowDown', 'Slow down'),
  ],
  [
    'an error',
    'SOURCE_UNREACHABLE',
    /answered with an error \(500\)/,
    /try again/,
    s3Error(500, 'InternalError', 'oops'),
  ],
  [
    'an error without a name',
    'SOURCE_UNREACHABLE',
    /answered with an error \(502\)/,
    /try again/,
    answers.status(502, '<html>Bad gateway</html>'),
  ],
  ['a no without a name', 'SOURCE_DENIED', /may not be read/, /s3:ListBucket/, answers.status(403)],
  ['a cut connection', 'SOURCE_UNREACHABLE', /the connection was cut/, /try again/, answers.cut],
  ['silence', 'TIMEOUT', /did not answer within 1m/, /Check the network/, silence],
  ['a slow-loris', 'TIMEOUT', /did not answer within 1m/, /Check the network/, slowLoris],
  [
    'a web page',
    'SOURCE_GARBAGE',
    /did not answer/,
    /endpoint/,
    answers.status(200, '<html><body>Log in</body></html>'),
  ],
  [
    'half an answer',
    'SOURCE_GARBAGE',
    /did not answer/,
    /endpoint/,
    answers.status(200, '<?xml version="1.0"?><ListBucketResult><Name>rel'),
  ],
  ['JSON', 'SOURCE_GARBAGE', /did not answer/, /endpoint/, answers.status(200, '{"a":1}')],
  ['0 bytes', 'SOURCE_GARBAGE', /did not answer/, /endpoint/, answers.status(200, '')],
  ['a redirect loop', 'SOURCE_GARBAGE', /redirects|302/, /endpoint|address/, answers.loop],
]
const normal: Handler | null = null

test.each(listing)('a listing that meets %s', async (_title, code, message, hint, trouble) => {
  server.breakWith(trouble)
  const error = await failureOf(source().versions(calm))
  expect([error.code, error.message]).toEqual([code, expect.stringMatching(message)])
  expect(error.message).toMatch(/^source "app": /)
  expect(error.hint).toMatch(hint)
  expect(error.hint).toMatch(/^.{10,}[.]$/)
  expect(JSON.stringify([error.message, error.details])).not.toMatch(/testing|Signature=|\n {4}at /)
})

test('passing trouble is tried again, and a wrong clock is learned from the answer', async () => {
  let failures = 2
  const flaky: Handler = (request, response) => {
    if (--failures === 0) server.breakWith(normal)
    skewed(request, response)
  }
  server.breakWith(flaky)
  expect(await source().versions(calm)).toHaveLength(1)
  expect(server.asked.map(({ status }) => status)).toEqual([403, 403, 200])
})

test('a listing of a server that cannot be reached', async () => {
  const nobody = await failureOf(source({ endpoint: 'http://nobody.invalid' }).versions(calm))
  expect([nobody.code, nobody.message]).toEqual([
    'SOURCE_UNREACHABLE',
    expect.stringMatching(/no host of that name|name cannot be looked up/),
  ])
  const closed = await failureOf(source({ endpoint: `http://127.0.0.1:${await freePort()}` }).versions(calm))
  expect([closed.code, closed.message]).toEqual([
    'SOURCE_UNREACHABLE',
    expect.stringMatching(/nothing listens there/),
  ])
  const plain = await failureOf(
    source({ endpoint: server.endpoint.replace('http:', 'https:') }).versions(calm),
  )
  expect([plain.code, plain.message]).toEqual(['SOURCE_UNREACHABLE', expect.stringMatching(/TLS/)])
  const strange = await serveHttps(makeCertificate(bench.folder), (_request, response) => response.end())
  const error = await failureOf(source({ endpoint: `https://localhost:${strange.port}` }).versions(calm))
  await strange.close()
  expect([error.code, error.message]).toEqual([
    'SOURCE_UNREACHABLE',
    expect.stringMatching(/certificate is self-signed/),
  ])
})

test('an outage is not made worse: a server that failed is left alone for a while', async () => {
  server.breakWith(answers.status(503))
  const polled = source()
  for (let polls = 0; polls < 30; polls++) {
    await failureOf(polled.versions(calm))
    bench.pass(10_000)
  }
  expect(server.asked.length).toBeLessThanOrEqual(8)
})

const looking: readonly Row[] = [
  ['not there any more', 'ARTIFACT_MISSING', /does not have the object/, /Upload it/, answers.status(404)],
  ['no right to it', 'SOURCE_DENIED', /may not be read/, /s3:GetObject/, answers.status(403)],
  ['an error', 'SOURCE_UNREACHABLE', /answered with an error \(500\)/, /try again/, answers.status(500)],
]
test.each(looking)(
  'an object that is %s when it is looked at',
  async (_title, code, message, hint, trouble) => {
    const one = source()
    await one.versions(calm)
    server.breakWith(trouble)
    const error = await failureOf(one.resolve('1.0.0', calm))
    expect([error.code, error.message]).toEqual([code, expect.stringMatching(message)])
    expect(error.hint).toMatch(hint)
  },
)

const cutInTheMiddle: Handler = (_request, response) => {
  response.writeHead(200, { 'content-length': '5000' })
  response.write('x'.repeat(1000), () => response.destroy())
}
const fetching: readonly Row[] = [
  [
    'not there any more',
    'ARTIFACT_MISSING',
    /does not have the object/,
    /plan again/,
    s3Error(404, 'NoSuchKey', 'no'),
  ],
  ['no right to it', 'SOURCE_DENIED', /may not be read/, /s3:GetObject/, s3Error(403, 'AccessDenied', 'no')],
  ['an expired login', 'SOURCE_DENIED', /has expired/, /Log in again/, s3Error(403, 'ExpiredToken', 'no')],
  [
    'an archived object',
    'SOURCE_DENIED',
    /is archived/,
    /Restore it/,
    s3Error(403, 'InvalidObjectState', 'no'),
  ],
  [
    'too many requests',
    'SOURCE_RATE_LIMITED',
    /too many requests/,
    /Try again/,
    s3Error(503, 'SlowDown', 'no'),
  ],
  [
    'a cut connection, again and again',
    'SOURCE_UNREACHABLE',
    /cut|only 1000 of 5000/,
    /ry again/,
    cutInTheMiddle,
  ],
  ['silence', 'SOURCE_UNREACHABLE', /stopped sending/, /try again/, silence],
  [
    'a web page',
    'SOURCE_GARBAGE',
    /web page instead of the file/,
    /login page/,
    answers.status(200, '<!doctype html>'.padEnd(5000)),
  ],
  [
    'another size',
    'ARTIFACT_CORRUPT',
    /where the source announced 5000/,
    /changed after/,
    answers.status(200, 'x', { 'content-length': '1' }),
  ],
  ['a redirect loop', 'SOURCE_UNREACHABLE', /redirects more than/, /Check the address/, answers.loop],
]
test.each(fetching)('a download that meets %s', async (_title, code, message, hint, trouble) => {
  const release = await source().resolve('1.0.0', calm)
  server.breakWith(trouble)
  const context = { file: path.join(bench.folder, 'fetched'), onProgress: () => undefined, signal: calm }
  const error = await failureOf(source().fetch(release, context))
  expect([error.code, error.message]).toEqual([code, expect.stringMatching(message)])
  expect(error.hint).toMatch(hint)
  expect(JSON.stringify([error.message, error.details])).not.toMatch(/X-Amz|AKIATEST/)
})

test('a listing can be cancelled while it waits', async () => {
  const controller = new AbortController()
  server.breakWith(() => controller.abort())
  expect((await failureOf(source().versions(controller.signal))).code).toBe('CANCELLED')
})

test('a connection that does not come about is tried again', () => {
  const place = {
    bucket: 'b',
    region: 'r',
    address: new URL('http://h'),
    wanted: 'listing' as const,
    profile: null,
    clock: bench.ports.clock,
  }
  const timeout = Object.assign(new Error('the socket did not establish a connection'), {
    name: 'TimeoutError',
  })
  const { shown, again } = s3Setback(timeout, place)
  expect([shown.code, shown.message, again]).toEqual([
    'SOURCE_UNREACHABLE',
    expect.stringMatching(/no connection came about in time/),
    true,
  ])
})
