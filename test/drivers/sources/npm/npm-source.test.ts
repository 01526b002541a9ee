import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { npmSource } from '../../../../src/drivers/sources/npm/npm-source.js'
import { expectGoodSchema } from '../../../contract/driver-schema.js'
import { failureOf, sourceContract } from '../../../contract/source.contract.js'
import { testWith } from '../../../support/needs.js'
import { answers, startLoopbackServer } from '../loopback-server.js'
import { beginBench, calm, type BenchParts, type SourceBench } from '../source-bench.js'
import { startLoopbackRegistry, type LoopbackRegistry } from './loopback-registry.js'

sourceContract('npm', async () => {
  const bench = await beginBench()
  const registry = await startLoopbackRegistry('@acme/app')
  const tarballs = new Map<string, string>()
  const broken = (handler: ReturnType<typeof answers.status>) => async () =>
    registry.server.breakWith(handler)
  return {
    scratch: bench.folder,
    source: () =>
      npmSource.create('app', { type: 'npm', package: '@acme/app', registry: registry.url }, bench.ports),
    publish: async (version, content) => {
      tarballs.set(version, content)
      registry.publish(version, content)
    },
    later: () => bench.pass(60_000),
    bytesOf: async (version) => Buffer.from(tarballs.get(version) ?? ''),
    troubles: {
      SOURCE_NOT_FOUND: broken(answers.status(404, '{"error":"Not found"}')),
      SOURCE_DENIED: broken(answers.status(401)),
      SOURCE_GARBAGE: broken(answers.status(200, '<html><title>Sign in</title></html>')),
      SOURCE_RATE_LIMITED: broken(answers.status(429, '', { 'retry-after': '3600' })),
      SOURCE_UNREACHABLE: broken(answers.cut),
    },
    end: async () => {
      await registry.end()
      await bench.end()
    },
  }
})

test('its options are described', () => expectGoodSchema('npm', npmSource.schema))

describe('npm', () => {
  let bench: SourceBench
  let registry: LoopbackRegistry
  const begin = async (parts: BenchParts = {}) => {
    bench = await beginBench(parts)
  }
  beforeEach(async () => {
    registry = await startLoopbackRegistry('app')
    registry.publish('1.0.0', 'one')
  })
  afterEach(async () => {
    await registry.end()
    await bench.end()
  })
  const source = (options: object = {}) =>
    npmSource.create('app', { type: 'npm', package: 'app', registry: registry.url, ...options }, bench.ports)
  const fetchInto = (release: Parameters<ReturnType<typeof source>['fetch']>[0], options: object = {}) =>
    source(options).fetch(release, {
      file: path.join(bench.folder, 'tarball'),
      onProgress: () => undefined,
      signal: calm,
    })

  test('asks for the short document, and once it has it only whether that changed', async () => {
    await begin()
    const one = source()
    for (let poll = 0; poll < 5; poll++) {
      await one.versions(calm)
      await one.resolve('1.0.0', calm)
      bench.pass(10_000)
    }
    expect(registry.server.asked.map(({ status }) => status)).toEqual([200, 304, 304, 304, 304])
    expect(registry.server.asked[0]?.headers.accept).toMatch(/^application\/vnd\.npm\.install-v1\+json/)
  })

  test('resolves anew when the last answer is no longer of this moment', async () => {
    await begin()
    const one = source()
    await one.versions(calm)
    registry.publish('1.1.0', 'two')
    expect((await failureOf(one.resolve('1.1.0', calm))).code).toBe('VERSION_NOT_FOUND')
    bench.pass(10_000)
    expect((await one.resolve('1.1.0', calm)).version).toBe('1.1.0')
  })

  test('makes a release that says what it takes to have it', async () => {
    await begin()
    const hex = createHash('sha512').update('one').digest('hex')
    expect(await source().resolve('1.0.0', calm)).toEqual({
      source: 'app',
      version: '1.0.0',
      digest: `sha512:${hex}`,
      artifact: {
        kind: 'archive',
        name: 'app-1.0.0.tgz',
        location: `${registry.url}app/-/app-1.0.0.tgz`,
        strip: 1,
        unpackedSize: 12345,
      },
    })
  })

  test('tells what is deprecated, and lets it be deployed', async () => {
    await begin()
    registry.publish('1.1.0', 'two', { deprecated: 'use 2.x' })
    registry.publish('1.2.0', 'three', { deprecated: '' })
    expect(await source().versions(calm)).toEqual([
      { version: '1.0.0' },
      { version: '1.1.0', notice: 'its publisher deprecated it: use 2.x' },
      { version: '1.2.0' },
    ])
    expect((await source().resolve('1.1.0', calm)).version).toBe('1.1.0')
  })

  test('goes by a dist-tag only when told to', async () => {
    await begin()
    registry.publish('2.0.0', 'two')
    registry.tag('stable', '1.0.0')
    expect(await source().versions(calm)).toHaveLength(2)
    expect(await source({ distTag: 'stable' }).versions(calm)).toEqual([{ version: '1.0.0' }])
    const error = await failureOf(source({ distTag: 'stabel' }).versions(calm))
    expect([error.code, error.details]).toEqual(['VERSION_NOT_FOUND', ['latest: 1.0.0', 'stable: 1.0.0']])
  })

  test.each([
    ['only a SHA-1', { integrity: undefined }],
    ['only a SHA-1 as integrity', { integrity: 'sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=' }],
    ['a SHA-512 of the wrong length', { integrity: 'sha512-AAAA' }],
    ['nothing', { integrity: undefined, shasum: undefined }],
  ])('refuses a version with %s, and no other', async (_title, dist) => {
    await begin()
    registry.publish('0.1.0', 'old', { dist })
    const error = await failureOf(source().resolve('0.1.0', calm))
    expect([error.code, error.message]).toEqual([
      'ARTIFACT_UNPROVEN',
      expect.stringMatching(/for app 0\.1\.0$/),
    ])
    expect((await source().resolve('1.0.0', calm)).version).toBe('1.0.0')
  })

  test('takes a SHA-256 where there is no SHA-512', async () => {
    await begin()
    const digest = createHash('sha256').update('two')
    registry.publish('1.1.0', 'two', {
      dist: { integrity: `sha1-AAAA sha256-${digest.copy().digest('base64')}?x` },
    })
    expect((await source().resolve('1.1.0', calm)).digest).toBe(`sha256:${digest.digest('hex')}`)
  })

  test.each([
    '[]',
    '{}',
    '{"versions": []}',
    '"text"',
    'null',
    '{"versions": {"1.0.0": {}}, "dist-tags": 5}',
  ])('survives a document such as %s', async (body) => {
    await begin()
    registry.server.serve('/app', body)
    const error = await failureOf(source().resolve('1.0.0', calm))
    expect(['SOURCE_GARBAGE', 'VERSION_NOT_FOUND']).toContain(error.code)
  })

  describe('tarballs', () => {
    test('are asked for at the configured registry when the document leads past it, as behind a proxy', async () => {
      await begin()
      const elsewhere = 'http://registry.invalid/app/-/app-1.0.0.tgz'
      registry.publish('1.0.0', 'one', { dist: { tarball: elsewhere } })
      const release = await source().resolve('1.0.0', calm)
      expect(release.artifact.location).toBe(elsewhere)
      expect(await readFile((await fetchInto(release)).path, 'utf8')).toBe('one')
    })

    test('come from where the document says when the registry does not have them itself', async () => {
      await begin({ secrets: { TOKEN: 'letmein' } })
      const other = await startLoopbackServer()
      try {
        other.serve('/app/-/app-1.0.0.tgz', 'one')
        registry.publish('1.0.0', 'one', { dist: { tarball: `${other.origin}/app/-/app-1.0.0.tgz` } })
        registry.server.remove('/app/-/app-1.0.0.tgz')
        const token = { token: '${secret.TOKEN}' }
        const release = await source(token).resolve('1.0.0', calm)
        expect(await readFile((await fetchInto(release, token)).path, 'utf8')).toBe('one')
        expect(registry.server.asked.at(-1)?.headers.authorization).toBe('Bearer letmein')
        expect(other.asked[0]?.headers.authorization).toBeUndefined()
      } finally {
        await other.end()
      }
    })

    test('that are gone are missing', async () => {
      await begin()
      const release = await source().resolve('1.0.0', calm)
      registry.server.remove('/app/-/app-1.0.0.tgz')
      expect((await failureOf(fetchInto(release))).code).toBe('ARTIFACT_MISSING')
    })
  })

  describe('finds the registry and the login', () => {
    const seen = () => registry.server.asked.at(-1)?.headers.authorization
    const host = () => new URL(registry.url).host
    const npmrc = (text: string) => writeFile(path.join(bench.folder, '.npmrc'), text)
    const unset = { registry: undefined }

    test('in the options first', async () => {
      await begin({ env: { npm_config_registry: 'http://wrong.invalid/' }, secrets: { TOKEN: 'mine' } })
      await source({ token: '${secret.TOKEN}' }).versions(calm)
      expect(seen()).toBe('Bearer mine')
    })

    test('in the environment, whose variables any case will do for', async () => {
      await begin({ env: { NPM_CONFIG_REGISTRY: registry.url.slice(0, -1) } })
      await npmrc('registry=http://wrong.invalid/')
      expect(await source(unset).versions(calm)).toHaveLength(1)
    })

    test('in .npmrc, with variables in it', async () => {
      await begin({ env: { NPM_TOKEN: 'from-env' } })
      await npmrc(`; a comment\nregistry = "${registry.url}" \n//${host()}/:_authToken=\${NPM_TOKEN}\n`)
      await source(unset).versions(calm)
      expect(seen()).toBe('Bearer from-env')
    })

    test('in the .npmrc of the user, below that of the project', async () => {
      await begin()
      const user = path.join(bench.folder, 'user-npmrc')
      await writeFile(user, `registry=http://wrong.invalid\n//${host()}/:_authToken=theirs`)
      await npmrc(`registry=${registry.url}`)
      const ports = { ...bench.ports, env: { npm_config_userconfig: user } }
      await npmSource.create('app', { type: 'npm', package: 'app' }, ports).versions(calm)
      expect(seen()).toBe('Bearer theirs')
    })

    test('by the scope of the package', async () => {
      await begin()
      const scoped = await startLoopbackRegistry('@acme/app', '/npm')
      try {
        scoped.publish('1.0.0', 'one')
        await npmrc(
          `registry=http://wrong.invalid/\n@acme:registry=${scoped.url}\n//${new URL(scoped.url).host}/:_auth=dTpw`,
        )
        expect(await source({ ...unset, package: '@acme/app' }).versions(calm)).toHaveLength(1)
        expect(scoped.server.asked[0]).toMatchObject({
          path: '/npm/@acme%2fapp',
          headers: { authorization: 'Basic dTpw' },
        })
      } finally {
        await scoped.end()
      }
    })

    test('as a user and a password', async () => {
      await begin()
      const password = Buffer.from('secret').toString('base64')
      await npmrc(`registry=${registry.url}\n//${host()}/:username=me\n//${host()}/:_password=${password}`)
      await source(unset).versions(calm)
      expect(seen()).toBe(`Basic ${Buffer.from('me:secret').toString('base64')}`)
    })

    test('and sends no login to a registry it was not made for', async () => {
      await begin()
      await npmrc(`//other.invalid/:_authToken=theirs\n_authToken=everyone`)
      await source().versions(calm)
      expect(seen()).toBeUndefined()
    })

    test('or says that what is configured is no address', async () => {
      await begin({ env: { npm_config_registry: 'npm.example.com' } })
      const error = await failureOf(source(unset).versions(calm))
      expect(error.message).toContain('"npm.example.com" (from the environment (npm_config_registry)) is not')
    })

    test('or, with nothing configured, by asking npm, once for all packages', async () => {
      await begin()
      const asked: unknown[] = []
      const shell = {
        ...bench.ports.shell,
        run: async (request: { command: unknown }) => {
          asked.push(request.command)
          return {
            exitCode: 0,
            signal: null,
            ended: 'exit' as const,
            lastLines: [],
            stdout: `${registry.url}\n`,
            durationMs: 1,
          }
        },
      }
      const ports = { ...bench.ports, shell }
      const make = () => npmSource.create('app', { type: 'npm', package: 'app' }, ports)
      await Promise.all([make().versions(calm), make().versions(calm)])
      expect(asked).toEqual([{ run: ['npm', 'config', 'get', 'registry'] }])
    })

    test('or says that npm is not there to be asked', async () => {
      await begin()
      const ports = {
        ...bench.ports,
        shell: { ...bench.ports.shell, run: () => Promise.reject(new Error('ENOENT')) },
      }
      const error = await failureOf(
        npmSource.create('app', { type: 'npm', package: 'app' }, ports).versions(calm),
      )
      expect([error.code, error.hint]).toEqual(['CONFIG_INVALID', expect.stringContaining('registry:')])
    })
  })

  testWith('npm-registry')('deploys from the registry that npm is configured for', async () => {
    await begin()
    // as for a person who has configured nothing here: the registry is the one that npm names
    const ports = { ...bench.ports, env: {} }
    const real = npmSource.create('app', { type: 'npm', package: 'is-number' }, ports)
    expect((await real.versions(calm)).map(({ version }) => version)).toEqual(
      expect.arrayContaining(['4.0.0', '6.0.0', '7.0.0']),
    )
    const release = await real.resolve('7.0.0', calm)
    const { path: file } = await real.fetch(release, {
      file: path.join(bench.folder, 'real'),
      onProgress: () => undefined,
      signal: calm,
    })
    expect(
      `sha512:${createHash('sha512')
        .update(await readFile(file))
        .digest('hex')}`,
    ).toBe(release.digest)
    expect((await failureOf(real.resolve('7.0.1', calm))).code).toBe('VERSION_NOT_FOUND')
  })
})
