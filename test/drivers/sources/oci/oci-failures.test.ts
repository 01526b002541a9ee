/** What can go wrong between the oci source and a registry: each failure in words, with advice. */
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ErrorCode } from '../../../../src/base/deploy-error.js'
import { ociSource } from '../../../../src/drivers/sources/oci/oci-source.js'
import { freePort } from '../../../contract/loopback.js'
import { failureOf } from '../../../contract/source.contract.js'
import { digestOfContent } from '../../../support/oci-pusher.js'
import { answers, type Handler } from '../loopback-server.js'
import { beginBench, calm, type SourceBench } from '../source-bench.js'
import { startLoopbackOci, type LoopbackOci } from './loopback-oci.js'

const content = 'x'.repeat(5000)
const blob = digestOfContent(content)

let bench: SourceBench
let oci: LoopbackOci
beforeEach(async () => {
  bench = await beginBench()
  oci = await startLoopbackOci()
  oci.publish('1.0.0', content)
})
afterEach(async () => {
  await oci.end()
  await bench.end()
})
const source = (options: object = {}) =>
  ociSource.create('app', { type: 'oci', image: oci.image, ...options }, bench.ports)

/** Never answers, while time passes. */
const silence: Handler = (_request, response) => {
  const passing = setInterval(() => bench.pass(31_000), 5)
  response.on('close', () => clearInterval(passing))
}
const expectTold = async (attempt: Promise<unknown>, code: ErrorCode, message: RegExp) => {
  const error = await failureOf(attempt)
  expect([error.code, error.message]).toEqual([code, expect.stringMatching(message)])
  expect(error.message).toMatch(/^source "app": .{10}/)
  expect(error.hint).toMatch(/^.{5,}[.]$/)
}

describe('a list of tags', () => {
  type Trouble = { readonly server: Handler } | { readonly options: () => Promise<object> }
  const { status } = answers
  const table: readonly (readonly [string, ErrorCode, RegExp, Trouble])[] = [
    [
      'no such host',
      'SOURCE_UNREACHABLE',
      /no host of that name|name cannot be looked up/,
      { options: async () => ({ image: 'nobody.invalid/acme/app' }) },
    ],
    [
      'nothing that listens',
      'SOURCE_UNREACHABLE',
      /nothing listens there/,
      { options: async () => ({ image: `127.0.0.1:${await freePort()}/acme/app` }) },
    ],
    ['no TLS', 'SOURCE_UNREACHABLE', /TLS/, { options: async () => ({ insecure: false }) }],
    ['a redirect loop', 'SOURCE_UNREACHABLE', /redirects more than/, { server: answers.loop }],
    ['an error', 'SOURCE_UNREACHABLE', /answered with an error \(503\)/, { server: status(503) }],
    ['a cut connection', 'SOURCE_UNREACHABLE', /the connection was cut/, { server: answers.cut }],
    ['silence', 'TIMEOUT', /did not answer within 1m/, { server: silence }],
    ['no credentials', 'SOURCE_DENIED', /wants credentials for .*acme\/app \(401\)/, { server: status(401) }],
    [
      'credentials that do not suffice',
      'SOURCE_DENIED',
      /wants credentials for .* \(403\)/,
      { server: status(403) },
    ],
    ['no such repository', 'SOURCE_NOT_FOUND', /has no repository acme\/app/, { server: status(404) }],
    [
      'too many requests',
      'SOURCE_RATE_LIMITED',
      /too many requests/,
      { server: status(429, '', { 'retry-after': '900' }) },
    ],
    [
      'a web page',
      'SOURCE_GARBAGE',
      /did not answer with JSON/,
      { server: status(200, '<html>Log in</html>') },
    ],
    ['0 bytes', 'SOURCE_GARBAGE', /did not answer with JSON/, { server: status(200, '') }],
    [
      'other JSON',
      'SOURCE_GARBAGE',
      /not answer with a list of tags/,
      { server: status(200, '{"hello":"world"}') },
    ],
  ]
  test.each(table)('that meets %s', async (_title, code, message, trouble) => {
    if ('server' in trouble) oci.server.breakWith(trouble.server)
    const options = 'options' in trouble ? await trouble.options() : {}
    await expectTold(source(options).versions(calm), code, message)
  })

  test('is not asked again before the time that the registry names', async () => {
    oci.server.breakWith(answers.status(429, '', { 'retry-after': '900' }))
    const one = source()
    await failureOf(one.versions(calm))
    const { length } = oci.server.asked
    bench.pass(890_000)
    await expectTold(one.versions(calm), 'SOURCE_RATE_LIMITED', /too many requests/)
    expect(oci.server.asked).toHaveLength(length)
    oci.server.breakWith(null)
    bench.pass(20_000)
    expect(await one.versions(calm)).toEqual([{ version: '1.0.0' }])
  })
})

describe('a manifest', () => {
  const send =
    (body: string | Buffer): Handler =>
    (request, response) =>
      void response.end(request.method === 'HEAD' ? undefined : body)
  const other = (parts: object) => JSON.stringify({ schemaVersion: 2, ...parts })
  const table: readonly (readonly [string, ErrorCode, RegExp, string])[] = [
    ['a web page', 'SOURCE_GARBAGE', /did not answer with a manifest/, '<html>Log in</html>'],
    ['0 bytes', 'SOURCE_GARBAGE', /did not answer with a manifest/, ''],
    [
      'both kinds in one',
      'SOURCE_GARBAGE',
      /did not answer with a manifest/,
      other({ manifests: [], layers: [] }),
    ],
    ['the old kind', 'SOURCE_GARBAGE', /old kind \(schema 1\)/, '{"schemaVersion":1,"fsLayers":[]}'],
    [
      'more than 4 MiB',
      'SOURCE_GARBAGE',
      /sends more than/,
      other({ layers: [], padding: 'x'.repeat(2 ** 22) }),
    ],
    [
      'a layer without a digest',
      'SOURCE_GARBAGE',
      /without a digest/,
      other({ layers: [{ size: 1, digest: '../x' }] }),
    ],
    ['a layer without a size', 'SOURCE_GARBAGE', /without a size/, other({ layers: [{ digest: blob }] })],
    ['no layers', 'ARTIFACT_MISSING', /has no layers/, other({ layers: [] })],
  ]
  test.each(table)('that is %s', async (_title, code, message, body) => {
    oci.server.serve(`${oci.base}/manifests/1.0.0`, send(body))
    oci.server.serve(`${oci.base}/manifests/${digestOfContent(body)}`, send(body))
    await expectTold(source().resolve('1.0.0', calm), code, message)
  })

  test('that is not what the tag names is refused', async () => {
    const digest = oci.tags.get('1.0.0') ?? ''
    oci.server.serve(`${oci.base}/manifests/${digest}`, send(other({ layers: [] })))
    const error = await failureOf(source().resolve('1.0.0', calm))
    expect([error.code, error.details[0]]).toEqual(['ARTIFACT_CORRUPT', `expected ${digest}`])
  })

  test('whose tag is deleted after it was listed', async () => {
    oci.server.remove(`${oci.base}/manifests/1.0.0`)
    await expectTold(source().resolve('1.0.0', calm), 'ARTIFACT_MISSING', /was deleted a moment ago/)
  })
})

describe('a layer', () => {
  const cutInTheMiddle: Handler = (_request, response) => {
    response.writeHead(200, { 'content-length': String(content.length) })
    response.write(content.slice(0, 1000), () => response.destroy())
  }
  const { status } = answers
  const table: readonly (readonly [string, ErrorCode, RegExp, Handler])[] = [
    ['is gone', 'ARTIFACT_MISSING', /is not there/, status(404)],
    ['is not for us', 'SOURCE_DENIED', /wants credentials/, status(401)],
    ['is cut, again and again', 'SOURCE_UNREACHABLE', /cut|only 1000 of 5000/, cutInTheMiddle],
    ['never comes', 'SOURCE_UNREACHABLE', /stopped sending/, silence],
    ['is a web page', 'SOURCE_GARBAGE', /web page instead/, status(200, '<!doctype html>'.padEnd(5000))],
    ['has another size', 'ARTIFACT_CORRUPT', /announced 5000/, status(200, 'x', { 'content-length': '1' })],
  ]
  test.each(table)('that %s', async (_title, code, message, trouble) => {
    const release = await source().resolve('1.0.0', calm)
    oci.server.serve(`${oci.base}/blobs/${blob}`, trouble)
    const context = { file: path.join(bench.folder, 'fetched'), onProgress: () => undefined, signal: calm }
    await expectTold(source().fetch(release, context), code, message)
  })

  test('comes from where the registry sends us, without the login', async () => {
    const elsewhere = await startLoopbackOci()
    try {
      elsewhere.server.serve('/stored', content)
      oci.server.serve(`${oci.base}/blobs/${blob}`, (request, response) => {
        if (request.headers.authorization === undefined) {
          return void response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end()
        }
        response.writeHead(307, { location: `${elsewhere.server.origin}/stored` }).end()
      })
      const login = { username: 'me', password: 'x' }
      const release = await source(login).resolve('1.0.0', calm)
      const context = { file: path.join(bench.folder, 'fetched'), onProgress: () => undefined, signal: calm }
      await source(login).fetch(release, context)
      expect(elsewhere.server.asked.map(({ headers }) => headers.authorization)).toEqual([undefined])
    } finally {
      await elsewhere.end()
    }
  })
})
