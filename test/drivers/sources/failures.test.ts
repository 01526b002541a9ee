/** What can go wrong between a source and its server, for the sources that speak HTTP: each failure in words, with advice. */
import { createHash } from 'node:crypto'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ErrorCode } from '../../../src/base/deploy-error.js'
import { sourceDrivers } from '../../../src/drivers/sources/catalog.js'
import type { Source } from '../../../src/model/source.js'
import { freePort } from '../../contract/loopback.js'
import { failureOf } from '../../contract/source.contract.js'
import { answers, startLoopbackServer, type Handler, type LoopbackServer } from './loopback-server.js'
import { beginBench, calm, type SourceBench } from './source-bench.js'

const content = 'x'.repeat(5000)
const integrity = `sha512-${createHash('sha512').update(content).digest('base64')}`
const sha256 = createHash('sha256').update(content).digest('hex')

const kinds: Record<string, (origin: string, bench: SourceBench) => Source> = {
  npm: (origin, { ports }) =>
    sourceDrivers.npm.create('app', { type: 'npm', package: 'app', registry: origin }, ports),
  http: (origin, { ports }) =>
    sourceDrivers.http.create('app', { type: 'http', index: `${origin}/app` }, ports),
}

describe.each(Object.keys(kinds))('%s', (kind) => {
  let bench: SourceBench
  let server: LoopbackServer
  const source = (origin = server.origin) => kinds[kind]!(origin, bench)
  beforeEach(async () => {
    bench = await beginBench()
    server = await startLoopbackServer()
    const tarball = `${server.origin}/app/-/app-1.0.0.tgz`
    const dist = { tarball, integrity }
    const documents: Record<string, unknown> = {
      npm: { versions: { '1.0.0': { dist } } },
      http: [{ version: '1.0.0', url: tarball, sha256 }],
    }
    server.serve('/app', JSON.stringify(documents[kind]))
    server.serve('/app/-/app-1.0.0.tgz', content)
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

  type Trouble = { readonly server: Handler } | { readonly at: () => Promise<string> }
  const listing: readonly (readonly [string, ErrorCode, RegExp, Trouble])[] = [
    [
      'no such host',
      'SOURCE_UNREACHABLE',
      /no host of that name|name cannot be looked up/,
      { at: async () => 'http://nobody.invalid' },
    ],
    [
      'nothing listens',
      'SOURCE_UNREACHABLE',
      /nothing listens there/,
      { at: async () => `http://127.0.0.1:${await freePort()}` },
    ],
    ['no TLS', 'SOURCE_UNREACHABLE', /TLS/, { at: async () => server.origin.replace('http:', 'https:') }],
    ['a redirect loop', 'SOURCE_UNREACHABLE', /redirects more than/, { server: answers.loop }],
    ['an error', 'SOURCE_UNREACHABLE', /answered with an error \(503\)/, { server: answers.status(503) }],
    ['a cut connection', 'SOURCE_UNREACHABLE', /the connection was cut/, { server: answers.cut }],
    ['silence', 'TIMEOUT', /did not answer within 1m/, { server: silence }],
    ['no credentials', 'SOURCE_DENIED', /wants credentials/, { server: answers.status(401) }],
    ['credentials that do not suffice', 'SOURCE_DENIED', /may not be read/, { server: answers.status(403) }],
    [
      'not found',
      'SOURCE_NOT_FOUND',
      /is not there \(404\)|no package "app"/,
      { server: answers.status(404) },
    ],
    [
      'too many requests',
      'SOURCE_RATE_LIMITED',
      /too many requests/,
      { server: answers.status(429, '', { 'retry-after': '900' }) },
    ],
    [
      'a web page',
      'SOURCE_GARBAGE',
      /web page|did not answer with JSON/,
      { server: answers.status(200, '<html>Log in</html>') },
    ],
    ['0 bytes', 'SOURCE_GARBAGE', /did not answer with JSON|is empty/, { server: answers.status(200, '') }],
  ]
  test.each(listing)('a listing that meets %s', async (_title, code, message, trouble) => {
    if ('server' in trouble) server.breakWith(trouble.server)
    const origin = 'at' in trouble ? await trouble.at() : server.origin
    const error = await failureOf(source(origin).versions(calm))
    expect([error.code, error.message]).toEqual([code, expect.stringMatching(message)])
    expect(error.message).toMatch(/^source "app": /)
    expect(error.hint).toMatch(/^.{10,}[.]$/)
  })

  const cutInTheMiddle: Handler = (_request, response) => {
    response.writeHead(200, { 'content-length': String(content.length) })
    response.write(content.slice(0, 1000), () => response.destroy())
  }
  const fetching: readonly (readonly [string, ErrorCode, RegExp, Handler])[] = [
    ['not found', 'ARTIFACT_MISSING', /is not there/, answers.status(404)],
    ['no credentials', 'SOURCE_DENIED', /wants credentials/, answers.status(401)],
    ['a cut connection, again and again', 'SOURCE_UNREACHABLE', /cut|only 1000 of 5000/, cutInTheMiddle],
    ['silence', 'SOURCE_UNREACHABLE', /stopped sending/, silence],
    [
      'a web page',
      'SOURCE_GARBAGE',
      /web page instead of the file/,
      answers.status(200, '<!doctype html>'.padEnd(5000)),
    ],
    ['0 bytes', 'SOURCE_GARBAGE', /0 bytes/, answers.status(200, '')],
  ]
  test.each(fetching)('a download that meets %s', async (_title, code, message, trouble) => {
    const release = await source().resolve('1.0.0', calm)
    server.serve('/app/-/app-1.0.0.tgz', trouble)
    const context = { file: path.join(bench.folder, 'fetched'), onProgress: () => undefined, signal: calm }
    const error = await failureOf(source().fetch(release, context))
    expect([error.code, error.message]).toEqual([code, expect.stringMatching(message)])
    expect(error.message).toMatch(/^source "app": /)
    expect(error.hint).toMatch(/^.{5,}[.]$/)
  })
})
