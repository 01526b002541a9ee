import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createArtifacts } from '../../../../src/drivers/artifacts/artifact-cache.js'
import type { ErrorCode } from '../../../../src/base/deploy-error.js'
import { googleLogin } from '../../../../src/drivers/sources/gcs/gcs-login.js'
import { gcsSource } from '../../../../src/drivers/sources/gcs/gcs-source.js'
import type { Release } from '../../../../src/model/release.js'
import { admits, expectGoodSchema } from '../../../contract/driver-schema.js'
import { freePort } from '../../../contract/loopback.js'
import { failureOf, sourceContract, type SourceWorld } from '../../../contract/source.contract.js'
import { gcsError, standInBucket, startGcsStandIn, type GcsStandIn } from '../../../support/gcs-stand-in.js'
import { answers, startLoopbackServer, type Handler, type LoopbackServer } from '../loopback-server.js'
import { beginBench, calm, type SourceBench } from '../source-bench.js'

const optionsFor = (endpoint: string) => ({
  type: 'gcs',
  endpoint,
  bucket: standInBucket,
  prefix: 'shop',
  pattern: 'app-{version}.tgz',
})
const digestOf = (content: string) => `sha256:${createHash('sha256').update(content).digest('hex')}`

for (const keeps of [false, true]) {
  sourceContract(`gcs, ${keeps ? 'with' : 'without'} versions`, async (): Promise<SourceWorld> => {
    const bench = await beginBench()
    const server = await startGcsStandIn({ keeps })
    const contents = new Map<string, string>()
    const broken = (handler: Handler) => async () => server.breakWith(handler)
    return {
      scratch: bench.folder,
      source: () => gcsSource.create('app', optionsFor(server.endpoint), bench.ports),
      publish: async (version, content) => {
        contents.set(version, content)
        server.put(`shop/app-${version}.tgz`, content)
      },
      later: () => bench.pass(60_000),
      bytesOf: async (version) => Buffer.from(contents.get(version) ?? ''),
      troubles: {
        SOURCE_NOT_FOUND: broken(gcsError(404, 'notFound', 'The specified bucket does not exist.')),
        SOURCE_DENIED: broken(
          gcsError(403, 'forbidden', 'someone does not have storage.objects.list access'),
        ),
        SOURCE_GARBAGE: broken(answers.status(200, '{"kind": "something else"}')),
        SOURCE_RATE_LIMITED: broken(gcsError(403, 'rateLimitExceeded', 'Rate limit exceeded.')),
        SOURCE_UNREACHABLE: broken(answers.loop),
      },
      end: async () => {
        await server.end()
        await bench.end()
      },
    }
  })
}

describe('gcs', () => {
  let bench: SourceBench
  let server: GcsStandIn
  const source = (options: object = {}) =>
    gcsSource.create('app', { ...optionsFor(server.endpoint), ...options }, bench.ports)
  const fetched = async (release: Release, options: object = {}) => {
    const artifacts = createArtifacts({
      directory: path.join(bench.ports.cacheDirectory, 'artifacts'),
      source: () => source(options),
      clock: bench.ports.clock,
      pid: process.pid,
    })
    const { path: file } = await artifacts.obtain(release, { type: 'gcs' }, () => undefined, calm)
    return readFile(file, 'utf8')
  }
  beforeEach(async () => {
    bench = await beginBench()
    server = await startGcsStandIn()
  })
  afterEach(async () => {
    await server.end()
    await bench.end()
  })

  test('its options are described, and contradictions are refused', () => {
    expectGoodSchema('gcs', gcsSource.schema)
    const least = { type: 'gcs', bucket: 'acme-releases', pattern: '{version}/app.tgz' }
    expect(admits(gcsSource.schema, least)).toBe(true)
    expect(admits(gcsSource.schema, { ...least, bucket: 'Acme' })).toBe(false)
    expect(() => source({ keyFile: 'key.json', anonymous: true })).toThrow(/two ways to log in/)
  })

  test('lists page by page, only what the pattern begins with, with the date of each', async () => {
    for (const minor of [0, 1, 2, 3]) server.put(`shop/app-1.${minor}.0.tgz`, 'x')
    for (const other of ['shop/app-1.0.0.tgz.sig', 'shop/other-1.0.0.tgz', 'app-9.0.0.tgz'])
      server.put(other, 'x')
    const listings = await source().versions(calm)
    expect(listings.map(({ version }) => version).sort()).toEqual(['1.0.0', '1.1.0', '1.2.0', '1.3.0'])
    expect(listings[0]?.publishedAt).toBe('2026-03-04T05:06:07.890Z')
    expect(server.asked).toHaveLength(3)
    expect(server.asked.every(({ path: at }) => at.includes('prefix=shop%2Fapp-'))).toBe(true)
    await source().versions(calm)
    expect(server.asked).toHaveLength(6)
  })

  test('an object is fetched once to know its digest, and then only when it has changed', async () => {
    server.put('shop/app-1.0.0.tgz', 'one')
    const release = await source().resolve('1.0.0', calm)
    expect(release).toMatchObject({ digest: digestOf('one'), artifact: { size: 3 } })
    expect(release.artifact.location).toMatch(/^gs:\/\/releases\/shop\/app-1\.0\.0\.tgz\?edition=\d+$/)
    expect(await source().resolve('1.0.0', calm)).toEqual(release)
    expect(await fetched(release)).toBe('one')
    expect(server.asked.filter(({ path: at }) => at.includes('alt=media'))).toHaveLength(1)
  })

  test('without versions, an object that was replaced is missing; with them, it comes', async () => {
    server.put('shop/app-1.0.0.tgz', 'one')
    const release = await source().resolve('1.0.0', calm)
    server.put('shop/app-1.0.0.tgz', 'two')
    expect((await source().resolve('1.0.0', calm)).digest).toBe(digestOf('two'))
    await bench.end()
    bench = await beginBench()
    const error = await failureOf(fetched(release))
    expect([error.code, error.hint]).toEqual(['ARTIFACT_MISSING', expect.stringMatching(/plan again/)])

    await server.end()
    server = await startGcsStandIn({ keeps: true })
    server.put('shop/app-1.0.0.tgz', 'one')
    const kept = await source().resolve('1.0.0', calm)
    server.put('shop/app-1.0.0.tgz', 'two')
    await bench.end()
    bench = await beginBench()
    expect(await fetched(kept)).toBe('one')
  })

  test('an object that is stored compressed is what arrives', async () => {
    server.put('shop/app-1.0.0.tgz', 'unpacked on the way', { size: '7', contentEncoding: 'gzip' })
    const release = await source().resolve('1.0.0', calm)
    expect(release.artifact.size).toBe('unpacked on the way'.length)
    expect(await fetched(release)).toBe('unpacked on the way')
  })

  test('an object of 0 bytes is refused', async () => {
    server.put('shop/app-1.0.0.tgz', '')
    expect((await failureOf(source().resolve('1.0.0', calm))).message).toMatch(/has 0 bytes/)
  })

  test('names with anything in them, and the files beside an artifact', async () => {
    const folder = "a b+c'(é)%2F&=?#!*~"
    server.put(`${folder}/v1.0.0/app.tgz`, 'one')
    server.put(`${folder}/v1.0.0/app-v1.0.0.sig`, 'signature')
    const app = source({ prefix: folder, pattern: '{version}/app.tgz' })
    const release = await app.resolve('1.0.0', calm)
    expect(await fetched(release)).toBe('one')
    const companion = await app.companion!(release, 'app-{version}.sig', calm)
    expect(Buffer.from(companion!).toString()).toBe('signature')
    expect(await app.companion!(release, 'missing', calm)).toBeNull()
    server.breakWith(gcsError(403, 'forbidden', 'no access'))
    expect((await failureOf(app.companion!(release, 'app-{version}.sig', calm))).code).toBe('SOURCE_DENIED')
  })

  test('STORAGE_EMULATOR_HOST names the server, with or without its scheme', async () => {
    server.put('shop/app-1.0.0.tgz', 'one')
    const { endpoint: _unset, ...options } = optionsFor('')
    for (const host of [server.endpoint, server.endpoint.replace('http://', '')]) {
      const ports = { ...bench.ports, env: { STORAGE_EMULATOR_HOST: host } }
      expect(await gcsSource.create('app', options, ports).versions(calm)).toHaveLength(1)
    }
  })

  /** Never answers, while time passes. */
  const silence: Handler = (_request, response) => {
    const passing = setInterval(() => bench.pass(31_000), 5)
    response.on('close', () => clearInterval(passing))
  }

  describe('logging in', () => {
    let google: LoopbackServer
    beforeEach(async () => {
      google = await startLoopbackServer()
      server.want('a-token')
      server.put('shop/app-1.0.0.tgz', 'one')
      vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', undefined)
      vi.stubEnv('HOME', bench.folder)
      vi.stubEnv('CLOUDSDK_CONFIG', undefined)
    })
    afterEach(async () => {
      vi.unstubAllEnvs()
      await google.end()
    })

    /** A credentials file of the kind whose server is named in it. */
    const writeCredentials = async () => {
      await writeFile(path.join(bench.folder, 'subject'), 'subject-token')
      const credentials = {
        type: 'external_account',
        audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/x',
        subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
        token_url: `${google.origin}/token`,
        credential_source: { file: path.join(bench.folder, 'subject') },
      }
      await writeFile(path.join(bench.folder, 'key.json'), JSON.stringify(credentials))
    }
    const token = JSON.stringify({
      access_token: 'a-token',
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'Bearer',
      expires_in: 3600,
    })

    test('a key file, beside deploy.yaml; one token serves all requests', async () => {
      await writeCredentials()
      google.serve('/token', answers.status(200, token, { 'content-type': 'application/json' }))
      const app = source({ keyFile: 'key.json' })
      expect(await app.versions(calm)).toHaveLength(1)
      const release = await app.resolve('1.0.0', calm)
      expect(await fetched(release, { keyFile: 'key.json' })).toBe('one')
      expect(google.asked).toHaveLength(1)
    })

    test.each([
      ['is not there', undefined],
      ['is no JSON', 'key'],
      ['is something else', '{"a": 1}'],
    ])('a key file that %s', async (_title, content) => {
      if (content !== undefined) await writeFile(path.join(bench.folder, 'key.json'), content)
      const error = await failureOf(source({ keyFile: 'key.json' }).versions(calm))
      expect([error.code, error.message]).toEqual([
        'SOURCE_DENIED',
        expect.stringMatching(/credentials file .*key\.json cannot be used/),
      ])
      expect(error.hint).toMatch(/JSON file/)
    })

    test('a login that Google does not accept', async () => {
      await writeCredentials()
      const no = JSON.stringify({ error: 'invalid_grant', error_description: 'The key was deleted.' })
      google.serve('/token', answers.status(400, no, { 'content-type': 'application/json' }))
      const error = await failureOf(source({ keyFile: 'key.json' }).versions(calm))
      expect([error.code, error.message]).toEqual([
        'SOURCE_DENIED',
        expect.stringMatching(/does not accept the login/),
      ])
      expect(error.details.join()).toMatch(/invalid_grant|The key was deleted/)
    })

    test('a token server that cannot be reached', async () => {
      await writeCredentials()
      await google.end()
      const error = await failureOf(source({ keyFile: 'key.json' }).versions(calm))
      google = await startLoopbackServer()
      expect([error.code, error.message]).toEqual([
        'SOURCE_UNREACHABLE',
        expect.stringMatching(/nothing listens there/),
      ])
    })

    test('a token server that never answers', async () => {
      await writeCredentials()
      google.serve('/token', silence)
      const error = await failureOf(source({ keyFile: 'key.json' }).versions(calm))
      expect([error.code, error.message]).toEqual(['TIMEOUT', expect.stringMatching(/within 1m/)])
    })

    test('the metadata server of a machine', async () => {
      vi.stubEnv('GCE_METADATA_HOST', google.origin.replace('http://', ''))
      vi.stubEnv('METADATA_SERVER_DETECTION', 'assume-present')
      const metadata = { 'content-type': 'application/json', 'metadata-flavor': 'Google' }
      google.serve('*', answers.status(200, token, metadata))
      expect(await googleLogin(undefined, bench.ports)(calm)).toMatchObject({
        authorization: 'Bearer a-token',
      })
      expect(google.asked.at(-1)?.path).toMatch(/service-accounts\/default\/token/)
    })

    test('nothing at all', async () => {
      vi.stubEnv('METADATA_SERVER_DETECTION', 'none')
      const error = await failureOf(googleLogin(undefined, bench.ports)(calm))
      expect([error.code, error.message]).toEqual([
        'SOURCE_DENIED',
        expect.stringMatching(/no login .* was found/),
      ])
      expect(error.hint).toMatch(/anonymous: true/)
    })

    test("another server never gets the login of Google's tools", async () => {
      await writeCredentials()
      google.serve('/token', answers.status(200, token, { 'content-type': 'application/json' }))
      vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', path.join(bench.folder, 'key.json'))
      expect((await failureOf(source().versions(calm))).code).toBe('SOURCE_DENIED')
      expect([google.asked, server.asked.map(({ headers }) => headers.authorization)]).toEqual([
        [],
        [undefined],
      ])
    })
  })

  type Row = readonly [string, ErrorCode, RegExp, Handler]
  const listing: readonly Row[] = [
    ['no such bucket', 'SOURCE_NOT_FOUND', /has no bucket releases/, answers.status(404)],
    ['no login', 'SOURCE_DENIED', /wants a login that holds/, gcsError(401, 'required', 'Anonymous caller')],
    ['no right to it', 'SOURCE_DENIED', /may not be read/, gcsError(403, 'forbidden', 'no access')],
    [
      'too many requests',
      'SOURCE_RATE_LIMITED',
      /too many requests/,
      gcsError(429, 'rateLimitExceeded', 'no'),
    ],
    ['an error', 'SOURCE_UNREACHABLE', /answered with an error \(503\)/, gcsError(503, 'backendError', 'no')],
    ['a cut connection', 'SOURCE_UNREACHABLE', /the connection was cut/, answers.cut],
    ['silence', 'TIMEOUT', /did not answer within 1m/, silence],
    ['a web page', 'SOURCE_GARBAGE', /did not answer with JSON/, answers.status(200, '<html>Log in</html>')],
    ['0 bytes', 'SOURCE_GARBAGE', /did not answer with JSON/, answers.status(200, '')],
    [
      'another API',
      'SOURCE_GARBAGE',
      /did not answer with a list of objects/,
      answers.status(200, '{"items": 3}'),
    ],
    [
      'the same page again and again',
      'SOURCE_GARBAGE',
      /again and again/,
      answers.status(200, '{"kind": "storage#objects", "nextPageToken": "a"}'),
    ],
    ['a redirect loop', 'SOURCE_UNREACHABLE', /redirects more than/, answers.loop],
  ]
  test.each(listing)('a listing that meets %s', async (_title, code, message, trouble) => {
    server.breakWith(trouble)
    const error = await failureOf(source().versions(calm))
    expect([error.code, error.message]).toEqual([code, expect.stringMatching(message)])
    expect(error.message).toMatch(/^source "app": /)
    expect(error.hint).toMatch(/^.{10,}[.]$/)
  })

  test.each([
    ['no such host', () => 'http://nobody.invalid', /no host of that name|name cannot be looked up/],
    ['nothing listens', async () => `http://127.0.0.1:${await freePort()}`, /nothing listens there/],
    ['no TLS', () => server.endpoint.replace('http:', 'https:'), /TLS/],
  ])('a server that cannot be reached: %s', async (_title, at, message) => {
    const error = await failureOf(source({ endpoint: await at() }).versions(calm))
    expect([error.code, error.message]).toEqual(['SOURCE_UNREACHABLE', expect.stringMatching(message)])
  })

  const fetching: readonly Row[] = [
    ['no right to it', 'SOURCE_DENIED', /may not be read/, gcsError(403, 'forbidden', 'no access')],
    ['silence', 'SOURCE_UNREACHABLE', /stopped sending/, silence],
    [
      'a web page',
      'SOURCE_GARBAGE',
      /web page instead of the file/,
      answers.status(200, '<!doctype html>'.padEnd(5000)),
    ],
    [
      'another size',
      'ARTIFACT_CORRUPT',
      /where the source announced 5000/,
      answers.status(200, 'x', { 'content-length': '1' }),
    ],
  ]
  test.each(fetching)('a download that meets %s', async (_title, code, message, trouble) => {
    server.put('shop/app-1.0.0.tgz', 'x'.repeat(5000))
    const app = source()
    const release = await app.resolve('1.0.0', calm)
    await bench.end()
    bench = await beginBench()
    server.breakWith(trouble)
    const context = { file: path.join(bench.folder, 'fetched'), onProgress: () => undefined, signal: calm }
    const error = await failureOf(source().fetch(release, context))
    expect([error.code, error.message]).toEqual([code, expect.stringMatching(message)])
    expect(error.hint).toMatch(/^.{5,}[.]$/)
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
})
