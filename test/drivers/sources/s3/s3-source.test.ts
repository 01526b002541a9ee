import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createArtifacts } from '../../../../src/drivers/artifacts/artifact-cache.js'
import { s3Source } from '../../../../src/drivers/sources/s3/s3-source.js'
import type { Release } from '../../../../src/model/release.js'
import { admits, expectGoodSchema } from '../../../contract/driver-schema.js'
import { failureOf, sourceContract, type SourceWorld } from '../../../contract/source.contract.js'
import { s3Error, standInBucket, startS3StandIn, type S3StandIn } from '../../../support/s3-stand-in.js'
import { answers, startLoopbackServer } from '../loopback-server.js'
import { beginBench, calm, type SourceBench } from '../source-bench.js'

const keys = { accessKeyId: 'test', secretAccessKey: 'testing' }
const optionsFor = (endpoint: string) => ({
  type: 's3',
  endpoint,
  bucket: standInBucket,
  prefix: 'shop',
  pattern: 'app-{version}.tgz',
  ...keys,
})
const hexOf = (content: string) => createHash('sha256').update(content).digest('hex')

for (const versioned of [false, true]) {
  sourceContract(
    `s3, a stand-in ${versioned ? 'with' : 'without'} versions`,
    async (): Promise<SourceWorld> => {
      const bench = await beginBench()
      const server = await startS3StandIn({ versioned })
      const contents = new Map<string, string>()
      const broken = (handler: ReturnType<typeof answers.status>) => async () => server.breakWith(handler)
      return {
        scratch: bench.folder,
        source: () => s3Source.create('app', optionsFor(server.endpoint), bench.ports),
        publish: async (version, content) => {
          contents.set(version, content)
          server.put(`shop/app-${version}.tgz`, content, versioned ? { sha256: 'own' } : {})
        },
        later: () => bench.pass(60_000),
        bytesOf: async (version) => Buffer.from(contents.get(version) ?? ''),
        troubles: {
          SOURCE_NOT_FOUND: broken(s3Error(404, 'NoSuchBucket', 'The specified bucket does not exist')),
          SOURCE_DENIED: broken(s3Error(403, 'AccessDenied', 'Access Denied')),
          SOURCE_GARBAGE: broken(answers.status(200, '<html><title>Log in</title></html>')),
          SOURCE_RATE_LIMITED: broken(s3Error(503, 'SlowDown', 'Please reduce your request rate.')),
          SOURCE_UNREACHABLE: broken(answers.cut),
        },
        end: async () => {
          await server.end()
          await bench.end()
        },
      }
    },
  )
}

describe('s3', () => {
  let bench: SourceBench
  let server: S3StandIn
  const begin = async (parts?: Parameters<typeof startS3StandIn>[0]) => {
    server = await startS3StandIn(parts)
  }
  const source = (options: object = {}) =>
    s3Source.create('app', { ...optionsFor(server.endpoint), ...options }, bench.ports)
  const questions = () => server.asked.map(({ method, path: at }) => `${method} ${at.replace(/\?.*/, '')}`)
  const fetched = async (release: Release, options: object = {}) => {
    const artifacts = createArtifacts({
      directory: path.join(bench.ports.cacheDirectory, 'artifacts'),
      source: () => source(options),
      clock: bench.ports.clock,
      pid: process.pid,
    })
    const { path: file } = await artifacts.obtain(release, { type: 's3' }, () => undefined, calm)
    return readFile(file, 'utf8')
  }
  beforeEach(async () => {
    bench = await beginBench()
  })
  afterEach(async () => {
    await server.end()
    await bench.end()
  })

  test('its options are described, and contradictions are refused', async () => {
    await begin()
    expectGoodSchema('s3', s3Source.schema)
    const least = { type: 's3', bucket: 'acme-releases', pattern: '{version}/app.tgz' }
    expect(admits(s3Source.schema, least)).toBe(true)
    expect(admits(s3Source.schema, { ...least, pattern: 'app.tgz' })).toBe(false)
    expect(() => source({ anonymous: true })).toThrow(/two ways to log in/)
    expect(() => source({ profile: 'x' })).toThrow(/accessKeyId: and profile:/)
    expect(() => source({ secretAccessKey: undefined })).toThrow(/takes accessKeyId: and secretAccessKey:/)
  })

  test('lists page by page, only what the pattern begins with, with the date of each', async () => {
    await begin()
    for (const minor of [0, 1, 2, 3, 4]) server.put(`shop/app-1.${minor}.0.tgz`, 'x')
    for (const other of [
      'shop/app-1.0.0.tgz.sha256',
      'shop/other-1.0.0.tgz',
      'app-9.0.0.tgz',
      'shop/app-x/y.tgz',
    ])
      server.put(other, 'x')
    const listings = await source().versions(calm)
    expect(listings.map(({ version }) => version).sort()).toEqual([
      '1.0.0',
      '1.1.0',
      '1.2.0',
      '1.3.0',
      '1.4.0',
    ])
    expect(listings[0]?.publishedAt).toBe('2026-03-04T05:06:07.000Z')
    // 5 releases, a checksum file and a folder begin so; two a page
    expect(server.asked).toHaveLength(4)
    expect(server.asked.every(({ path: at }) => at.includes('prefix=shop%2Fapp-'))).toBe(true)
  })

  test('versions may be folders, and named twice', async () => {
    await begin()
    server.put('shop/v1.0.0/app-1.0.0.tgz', 'one')
    server.put('shop/v1.1.0/app-1.0.0.tgz', 'a mishap')
    const options = { pattern: '{version}/app-{version}.tgz' }
    expect(await source(options).versions(calm)).toEqual([
      { version: '1.0.0', publishedAt: '2026-03-04T05:06:07.000Z' },
    ])
    expect((await source(options).resolve('1.0.0', calm)).artifact.name).toBe('app-1.0.0.tgz')
  })

  test('believes a checksum of the whole object, and fetches nothing for it', async () => {
    await begin()
    server.put('shop/app-1.0.0.tgz', 'one', { sha256: 'own', checksumType: 'FULL_OBJECT' })
    const release = await source().resolve('1.0.0', calm)
    expect(release.digest).toBe(`sha256:${hexOf('one')}`)
    expect(questions()).toEqual(['GET /releases/', 'HEAD /releases/shop/app-1.0.0.tgz'])
    expect(await fetched(release)).toBe('one')
    const address = (await source().address?.(release, calm)) ?? ''
    expect(await (await fetch(address)).text()).toBe('one')
  })

  test.each([
    ['none', {}],
    ['one of its parts', { sha256: 'own', checksumType: 'COMPOSITE' }],
    ['one of its parts, as the count says', { sha256: `${'A'.repeat(43)}=-3` }],
  ])('with a checksum that is %s the object is fetched, once', async (_title, parts) => {
    await begin()
    server.put('shop/app-1.0.0.tgz', 'one', parts)
    const release = await source().resolve('1.0.0', calm)
    expect(release.digest).toBe(`sha256:${hexOf('one')}`)
    expect(await source().resolve('1.0.0', calm)).toEqual(release)
    expect(await fetched(release)).toBe('one')
    expect(questions().filter((question) => question === 'GET /releases/shop/app-1.0.0.tgz')).toHaveLength(1)
  })

  test('asking again costs one listing, and resolving what has not changed costs nothing more', async () => {
    await begin()
    server.put('shop/app-1.0.0.tgz', 'one', { sha256: 'own' })
    const one = source()
    await one.versions(calm)
    await one.resolve('1.0.0', calm)
    const before = server.asked.length
    bench.pass(60_000)
    await one.versions(calm)
    await one.resolve('1.0.0', calm)
    expect(server.asked.length - before).toBe(1)
  })

  test('in a bucket with versions, an earlier content can still be fetched', async () => {
    await begin({ versioned: true })
    server.put('shop/app-1.0.0.tgz', 'one')
    const release = await source().resolve('1.0.0', calm)
    expect(release.artifact.location).toBe('s3://releases/shop/app-1.0.0.tgz?edition=version%2F1')
    server.put('shop/app-1.0.0.tgz', 'two')
    expect((await source().resolve('1.0.0', calm)).digest).toBe(`sha256:${hexOf('two')}`)
    expect(await fetched(release)).toBe('one')
  })

  test('without versions, a key that was written again is refused', async () => {
    await begin()
    server.put('shop/app-1.0.0.tgz', 'one', { sha256: 'own' })
    const release = await source().resolve('1.0.0', calm)
    server.put('shop/app-1.0.0.tgz', 'two')
    expect((await failureOf(fetched(release))).code).toBe('ARTIFACT_CORRUPT')
  })

  test('a login that may read objects but not their versions will do', async () => {
    await begin({ versioned: true })
    server.put('shop/app-1.0.0.tgz', 'one', { sha256: 'own' })
    const release = await source().resolve('1.0.0', calm)
    let denials = 0
    server.breakWith((request, response) => {
      if (!request.url!.includes('versionId')) return void response.end('one')
      denials++
      s3Error(403, 'AccessDenied', 'Access Denied')(request, response)
    })
    expect(await fetched(release)).toBe('one')
    expect(denials).toBe(1)
  })

  test('an object of 0 bytes, and two objects for one version, are refused', async () => {
    await begin()
    server.put('shop/app-1.0.0.tgz', '')
    server.put('shop/app-1.1.0.tgz', 'one')
    server.put('shop/app-v1.1.0.tgz', 'another')
    const empty = await failureOf(source().resolve('1.0.0', calm))
    expect([empty.code, empty.message]).toEqual(['SOURCE_GARBAGE', expect.stringMatching(/has 0 bytes/)])
    const twice = await failureOf(source().resolve('1.1.0', calm))
    expect(twice.details).toEqual(['shop/app-1.1.0.tgz', 'shop/app-v1.1.0.tgz'])
  })

  test('hands out the files beside an artifact', async () => {
    await begin()
    server.put('shop/v1.0.0/app.tgz', 'one')
    server.put('shop/v1.0.0/SHA256SUMS', 'sums')
    server.put('shop/v1.0.0/app-v1.0.0.sig', Buffer.from([0, 255]))
    server.put('shop/keys.txt', 'keys')
    const app = source({ pattern: '{version}/app.tgz' })
    const release = await app.resolve('1.0.0', calm)
    const beside = async (name: string) => {
      const bytes = await app.companion!(release, name, calm)
      return bytes === null ? null : Buffer.from(bytes).toString('latin1')
    }
    expect(await beside('SHA256SUMS')).toBe('sums')
    expect(await beside('app-{version}.sig')).toBe('\u0000\u00ff')
    expect(await beside('../keys.txt')).toBe('keys')
    expect(await beside('missing')).toBeNull()
    expect(await beside('../../../outside')).toBeNull()
    server.put('shop/v1.0.0/huge', Buffer.alloc(2 ** 20 + 1))
    expect((await failureOf(app.companion!(release, 'huge', calm))).code).toBe('SOURCE_GARBAGE')
  })

  test('goes on where a download was cut', async () => {
    await begin()
    const content = 'x'.repeat(100_000)
    server.put('shop/app-1.0.0.tgz', content, { sha256: 'own' })
    const release = await source().resolve('1.0.0', calm)
    const ranges: (string | undefined)[] = []
    const etag = '"e1"'
    server.breakWith((request, response) => {
      ranges.push(request.headers.range)
      const from = Number(/\d+/.exec(request.headers.range ?? '')?.[0] ?? 0)
      const range = from === 0 ? {} : { 'content-range': `bytes ${from}-99999/100000` }
      response.writeHead(from === 0 ? 200 : 206, { etag, 'content-length': content.length - from, ...range })
      if (from === 0) response.write(content.slice(0, 60_000), () => setTimeout(() => response.destroy(), 50))
      else response.end(content.slice(from))
    })
    expect(await fetched(release)).toBe(content)
    expect(ranges).toEqual([undefined, expect.stringMatching(/^bytes=\d+-$/)])
  })

  describe('logging in', () => {
    const shown = () => server.asked.map(({ path: at, headers }) => headers.authorization ?? `query ${at}`)

    test('an access key from secrets signs every request, and is in none', async () => {
      await begin()
      await bench.end()
      bench = await beginBench({ secrets: { KEY: 'AKIATEST', SECRET: 'very-secret', TOKEN: 'session' } })
      server.put('shop/app-1.0.0.tgz', 'one')
      const login = {
        accessKeyId: '${secret.KEY}',
        secretAccessKey: '${secret.SECRET}',
        sessionToken: '${secret.TOKEN}',
      }
      expect(await fetched(await source(login).resolve('1.0.0', calm), login)).toBe('one')
      expect(shown().every((text) => text.includes('AKIATEST'))).toBe(true)
      expect(JSON.stringify(server.asked)).not.toContain('very-secret')
      expect(JSON.stringify(server.asked)).toContain('"x-amz-security-token":"session"')
    })

    test('anonymous signs nothing and asks nobody for a login', async () => {
      await begin()
      server.put('shop/app-1.0.0.tgz', 'one')
      const login = { accessKeyId: undefined, secretAccessKey: undefined, anonymous: true }
      expect(await fetched(await source(login).resolve('1.0.0', calm), login)).toBe('one')
      expect(shown().join()).not.toMatch(/Signature|AWS4/)
    })

    describe('by the rules of AWS', () => {
      const login = { accessKeyId: undefined, secretAccessKey: undefined }
      beforeEach(() => {
        vi.stubEnv('AWS_ACCESS_KEY_ID', undefined)
        vi.stubEnv('AWS_SECRET_ACCESS_KEY', undefined)
        vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true')
        vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', path.join(bench.folder, 'credentials'))
        vi.stubEnv('AWS_CONFIG_FILE', path.join(bench.folder, 'config'))
      })
      afterEach(() => {
        vi.unstubAllEnvs()
      })

      test('the environment', async () => {
        await begin()
        vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAENV')
        vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret')
        await source(login).versions(calm)
        expect(shown().join()).toContain('Credential=AKIAENV/')
      })

      test('a profile', async () => {
        await begin()
        const file = '[deploy]\naws_access_key_id = AKIAPROFILE\naws_secret_access_key = secret\n'
        await writeFile(path.join(bench.folder, 'credentials'), file)
        await source({ ...login, profile: 'deploy' }).versions(calm)
        expect(shown().join()).toContain('Credential=AKIAPROFILE/')
        const error = await failureOf(source({ ...login, profile: 'depoly' }).versions(calm))
        expect([error.code, error.message]).toEqual([
          'SOURCE_DENIED',
          expect.stringMatching(/in the profile depoly$/),
        ])
      })

      const temporary = (key: string) =>
        JSON.stringify({
          Code: 'Success',
          AccessKeyId: key,
          SecretAccessKey: 'secret',
          Token: 'session',
          Expiration: new Date(Date.now() + 3_600_000).toISOString(),
        })

      test('the container', async () => {
        await begin()
        const metadata = await startLoopbackServer()
        metadata.serve('/credentials', temporary('ASIACONTAINER'))
        vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', `${metadata.origin}/credentials`)
        await source(login).versions(calm)
        await metadata.end()
        expect(shown().join()).toContain('Credential=ASIACONTAINER/')
      })

      test('the instance', async () => {
        await begin()
        const metadata = await startLoopbackServer()
        const roles = '/latest/meta-data/iam/security-credentials/'
        metadata.serve('/latest/api/token', 'a-token')
        metadata.serve(roles, 'deployer')
        metadata.serve(`${roles}deployer`, temporary('ASIAINSTANCE'))
        vi.stubEnv('AWS_EC2_METADATA_DISABLED', undefined)
        vi.stubEnv('AWS_EC2_METADATA_SERVICE_ENDPOINT', metadata.origin)
        await source(login).versions(calm)
        await metadata.end()
        expect(metadata.asked.at(-1)?.headers['x-aws-ec2-metadata-token']).toBe('a-token')
        expect(shown().join()).toContain('Credential=ASIAINSTANCE/')
      })

      test('nothing at all', async () => {
        await begin()
        const error = await failureOf(source(login).versions(calm))
        expect([error.code, error.message]).toEqual([
          'SOURCE_DENIED',
          expect.stringMatching(/no login .* was found/),
        ])
        expect(error.hint).toMatch(/anonymous: true/)
      })
    })
  })
})
