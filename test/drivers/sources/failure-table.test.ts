/**
 * The same troubles for every source that has a server: each met while asking for versions and while fetching a release
 * through the cache, each told in a sentence of ours, with its source and with what to do. What is special to one kind
 * of server is tested beside that source.
 */
import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ErrorCode } from '../../../src/base/deploy-error.js'
import { createArtifacts } from '../../../src/drivers/artifacts/artifact-cache.js'
import { sourceDrivers } from '../../../src/drivers/sources/catalog.js'
import type { Release } from '../../../src/model/release.js'
import type { Source } from '../../../src/model/source.js'
import { serveHttps, type Loopback } from '../../contract/loopback.js'
import { failureOf } from '../../contract/source.contract.js'
import { startGcsStandIn } from '../../support/gcs-stand-in.js'
import { startGitHub } from '../../support/github-stand-in.js'
import { startS3StandIn } from '../../support/s3-stand-in.js'
import { makeCertificate } from './certificate.js'
import { startGitServer } from './git/git-server.js'
import { makeRepository } from './git/repository.js'
import { answers, startLoopbackServer, type Handler } from './loopback-server.js'
import { startLoopbackOci } from './oci/loopback-oci.js'
import { beginBench, calm, type SourceBench } from './source-bench.js'

const content = 'x'.repeat(5000)

/** A server with version 1.0.0, and what asks it; or the same source asking somewhere else. */
interface Place {
  source(origin?: string): Source
  breakWith(handler: Handler): void
  /** The same for where the files are. */
  breakFilesWith(handler: Handler): void
  end(): Promise<void>
}

let bench: SourceBench
let stranger: Loopback
beforeEach(async () => {
  bench = await beginBench()
  stranger = await serveHttps(makeCertificate(bench.folder), (_request, response) => response.end('hello'))
})
afterEach(async () => {
  await stranger.close()
  await bench.end()
})

const loopback = async (
  document: (origin: string) => unknown,
  create: (origin: string) => Source,
): Promise<Place> => {
  const server = await startLoopbackServer()
  server.serve('/app', JSON.stringify(document(server.origin)))
  server.serve('/app-1.0.0.tgz', content)
  return {
    source: (origin = server.origin) => create(origin),
    breakWith: (handler) => server.breakWith(handler),
    breakFilesWith: (handler) => server.breakWith(handler),
    end: () => server.end(),
  }
}

const bucket = { bucket: 'releases', pattern: 'app-{version}.tgz' }
const places: { readonly [kind: string]: () => Promise<Place> } = {
  npm: () =>
    loopback(
      (origin) => {
        const integrity = `sha512-${createHash('sha512').update(content).digest('base64')}`
        return { versions: { '1.0.0': { dist: { tarball: `${origin}/app-1.0.0.tgz`, integrity } } } }
      },
      (registry) => sourceDrivers.npm.create('app', { type: 'npm', package: 'app', registry }, bench.ports),
    ),
  http: () =>
    loopback(
      () => {
        const sha256 = createHash('sha256').update(content).digest('hex')
        return [{ version: '1.0.0', url: 'app-1.0.0.tgz', sha256 }]
      },
      (origin) => sourceDrivers.http.create('app', { type: 'http', index: `${origin}/app` }, bench.ports),
    ),
  async github() {
    const github = await startGitHub()
    github.publish('v1.0.0', { assets: { 'app_1.0.0.tgz': content } })
    const options = { type: 'github', repository: 'acme/app', asset: 'app_{version}.tgz' }
    return {
      source: (origin) => {
        const baseUrl = origin === undefined ? github.apiUrl : `${origin}/api/v3`
        return sourceDrivers.github.create('app', { ...options, baseUrl }, bench.ports)
      },
      breakWith: (handler) => github.breakWith(handler),
      breakFilesWith: (handler) => github.breakFilesWith(handler),
      end: () => github.end(),
    }
  },
  async s3() {
    const s3 = await startS3StandIn()
    s3.put('app-1.0.0.tgz', content, { sha256: 'own' })
    const login = { accessKeyId: 'AKIATEST', secretAccessKey: 'testing' }
    return {
      source: (endpoint = s3.endpoint) =>
        sourceDrivers.s3.create('app', { type: 's3', endpoint, ...bucket, ...login }, bench.ports),
      breakWith: (handler) => s3.breakWith(handler),
      breakFilesWith: (handler) => s3.breakWith(handler),
      end: () => s3.end(),
    }
  },
  async gcs() {
    const gcs = await startGcsStandIn()
    gcs.put('app-1.0.0.tgz', content)
    return {
      source: (endpoint = gcs.endpoint) =>
        sourceDrivers.gcs.create('app', { type: 'gcs', endpoint, ...bucket }, bench.ports),
      breakWith: (handler) => gcs.breakWith(handler),
      breakFilesWith: (handler) => gcs.breakWith(handler),
      end: () => gcs.end(),
    }
  },
  async oci() {
    const oci = await startLoopbackOci()
    oci.publish('1.0.0', content)
    return {
      source: (origin) => {
        const image = origin === undefined ? oci.image : `${new URL(origin).host}/acme/app`
        const insecure = origin?.startsWith('https:') !== true
        return sourceDrivers.oci.create('app', { type: 'oci', image, insecure }, bench.ports)
      },
      breakWith: (handler) => oci.server.breakWith(handler),
      breakFilesWith: (handler) => oci.server.breakWith(handler),
      end: () => oci.end(),
    }
  },
  async git() {
    const repository = await makeRepository(path.join(bench.folder, 'served', 'app'))
    await repository.publish('v1.0.0', 'one')
    const server = await startGitServer(path.join(bench.folder, 'served'))
    // git has its own clock: what would last minutes lasts a second, where it is waited for
    let isSlow = false
    const shell: typeof bench.ports.shell = {
      ...bench.ports.shell,
      run: (request, signal) =>
        bench.ports.shell.run(isSlow ? { ...request, timeoutMs: 1000 } : request, signal),
    }
    const breakWith = (handler: Handler) => {
      isSlow = handler === slowLoris
      server.breakWith(handler)
    }
    return {
      source: (origin = server.origin) =>
        sourceDrivers.git.create(
          'app',
          { type: 'git', repository: `${origin}/app/.git` },
          { ...bench.ports, shell },
        ),
      breakWith,
      breakFilesWith: breakWith,
      end: () => server.end(),
    }
  },
}

/** The head of an answer, then a byte now and then, while time passes. */
const slowLoris: Handler = (_request, response) => {
  response.writeHead(200, { 'content-length': String(content.length) })
  const dripping = setInterval(() => {
    response.write('x')
    bench.pass(5_000)
  }, 2)
  response.on('close', () => clearInterval(dripping))
}
const cutInTheMiddle: Handler = (_request, response) => {
  response.writeHead(200, { 'content-length': String(content.length) })
  response.write(content.slice(0, 1000), () => response.destroy())
}
const page = '<!doctype html><title>Please log in</title>'.padEnd(content.length)
const { status } = answers
const redirect = (location: string) => status(302, '', { location })
const noSuchHost = 'http://nobody.invalid'
const strange = () => `https://localhost:${stranger.port}`

interface Row {
  /** What asking for the versions meets: an answer, or another place. */
  readonly listing: Handler | { readonly at: () => string }
  readonly fetching: Handler
  readonly codes: readonly [listing: readonly ErrorCode[], fetching: readonly ErrorCode[]]
}
const unreachable = ['SOURCE_UNREACHABLE'] as const
const garbage = ['SOURCE_GARBAGE'] as const
/** git cannot tell whether the tag or the whole repository is missing. */
const missing = ['ARTIFACT_MISSING', 'SOURCE_NOT_FOUND'] as const

const table: { readonly [trouble: string]: Row } = {
  'not found': { listing: status(404), fetching: status(404), codes: [['SOURCE_NOT_FOUND'], missing] },
  'not allowed': {
    listing: status(403),
    fetching: status(403),
    codes: [['SOURCE_DENIED'], ['SOURCE_DENIED']],
  },
  'a rate limit': {
    listing: status(429, '', { 'retry-after': '900' }),
    fetching: status(429, '', { 'retry-after': '900' }),
    codes: [['SOURCE_RATE_LIMITED'], ['SOURCE_RATE_LIMITED']],
  },
  garbage: {
    listing: status(200, '\u0001\u0002 garbage'),
    fetching: status(200, 'y'.repeat(content.length)),
    codes: [garbage, ['ARTIFACT_CORRUPT', ...garbage]],
  },
  'a cut connection': { listing: answers.cut, fetching: cutInTheMiddle, codes: [unreachable, unreachable] },
  'a slow-loris': {
    listing: slowLoris,
    fetching: slowLoris,
    codes: [['TIMEOUT'], ['SOURCE_UNREACHABLE', 'TIMEOUT']],
  },
  'the wrong type': {
    listing: status(200, page, { 'content-type': 'text/html' }),
    fetching: status(200, page, { 'content-type': 'text/html' }),
    codes: [garbage, garbage],
  },
  '0 bytes': {
    listing: status(200, ''),
    fetching: status(200, ''),
    codes: [garbage, [...garbage, ...unreachable, 'ARTIFACT_CORRUPT']],
  },
  'a redirect loop': {
    listing: answers.loop,
    fetching: answers.loop,
    codes: [[...unreachable, ...garbage], unreachable],
  },
  'a certificate of nobody': {
    listing: { at: strange },
    fetching: (request, response) => redirect(`${strange()}/x`)(request, response),
    codes: [unreachable, unreachable],
  },
  'a host that has no address': {
    listing: { at: () => noSuchHost },
    fetching: redirect(`${noSuchHost}/x`),
    codes: [unreachable, unreachable],
  },
}

describe.each(Object.keys(places))('%s', (kind) => {
  let place: Place
  beforeEach(async () => {
    place = await places[kind]!()
  })
  afterEach(() => place.end())

  const expectTold = async (attempt: Promise<unknown>, codes: readonly ErrorCode[]) => {
    const error = await failureOf(attempt)
    expect([error.message, codes]).toEqual([error.message, expect.arrayContaining([error.code])])
    expect(error.message).toMatch(/app.{10}/)
    expect(error.message).not.toMatch(/\n|undefined|\[object|at .*:\d+:\d+|X-Amz|testing/)
    expect(error.hint).toMatch(/^.{8,}([.]|git ls-remote URL)$/s)
  }

  test.each(Object.keys(table))('asking for versions meets %s', async (trouble) => {
    const { listing, codes } = table[trouble]!
    if (typeof listing === 'function') place.breakWith(listing)
    const source = place.source(typeof listing === 'function' ? undefined : listing.at())
    await expectTold(source.versions(calm), codes[0])
  })

  test.each(Object.keys(table))('fetching meets %s', async (trouble) => {
    const { fetching, codes } = table[trouble]!
    const release: Release = await place.source().resolve('1.0.0', calm)
    // a digest may have been learned by fetching: that is forgotten
    await rm(bench.ports.cacheDirectory, { recursive: true, force: true })
    place.breakFilesWith(fetching)
    const source = place.source()
    const artifacts = createArtifacts({
      directory: path.join(bench.ports.cacheDirectory, 'artifacts'),
      source: () => source,
      clock: bench.ports.clock,
      pid: process.pid,
    })
    await expectTold(
      artifacts.obtain(release, { type: kind }, () => undefined, calm),
      codes[1],
    )
  })
})
