import { createHash } from 'node:crypto'
import { readFile, readdir } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createArtifacts } from '../../../../src/drivers/artifacts/artifact-cache.js'
import { httpSource } from '../../../../src/drivers/sources/http/http-source.js'
import { expectGoodSchema } from '../../../contract/driver-schema.js'
import { failureOf, sourceContract, type SourceWorld } from '../../../contract/source.contract.js'
import { answers, startLoopbackServer, type LoopbackServer } from '../loopback-server.js'
import { beginBench, calm, type SourceBench } from '../source-bench.js'

const hexOf = (content: string | Buffer) => createHash('sha256').update(content).digest('hex')

/** The four ways to publish: with digests in a JSON index, in a checksum file, beside each file, or not at all. */
const ways = {
  'a JSON index': { index: '/index.json' },
  'a SHA256SUMS file': { index: '/SHA256SUMS', pattern: 'app-{version}.tgz' },
  'a text list and checksum files': {
    index: '/list.txt',
    url: '/app-{version}.tgz',
    sha256: '/app-{version}.tgz.sha256',
  },
  'a text list and nothing else': { index: '/list.txt', url: '/app-{version}.tgz' },
} as const

for (const [title, options] of Object.entries(ways)) {
  sourceContract(`http, ${title}`, async (): Promise<SourceWorld> => {
    const bench = await beginBench()
    const server = await startLoopbackServer()
    const files = new Map<string, string>()
    const publishIndex = () => {
      const all = [...files].map(([version, content]) => ({ version, content, name: `app-${version}.tgz` }))
      const lines = (of: (one: (typeof all)[number]) => string) => `# releases\n${all.map(of).join('')}`
      server.serve(
        '/list.txt',
        lines(({ version }) => `v${version}\n`),
      )
      server.serve(
        '/SHA256SUMS',
        lines(({ content, name }) => `${hexOf(content)}  ${name}\n`),
      )
      const json = all.map(({ version, content, name }) => ({ version, url: name, sha256: hexOf(content) }))
      server.serve('/index.json', JSON.stringify(json))
    }
    publishIndex()
    const addresses: { [option: string]: string } = {}
    for (const [key, value] of Object.entries(options)) {
      addresses[key] = value.startsWith('/') ? `${server.origin}${value}` : value
    }
    const broken = (handler: ReturnType<typeof answers.status>) => async () => server.breakWith(handler)
    return {
      scratch: bench.folder,
      source: () => httpSource.create('app', { type: 'http', ...addresses }, bench.ports),
      publish: async (version, content) => {
        files.set(version, content)
        server.serve(`/app-${version}.tgz`, content)
        server.serve(`/app-${version}.tgz.sha256`, `${hexOf(content)}\n`)
        publishIndex()
      },
      later: () => bench.pass(60_000),
      bytesOf: async (version) => Buffer.from(files.get(version) ?? ''),
      troubles: {
        SOURCE_NOT_FOUND: broken(answers.status(404)),
        SOURCE_DENIED: broken(answers.status(403, 'no')),
        SOURCE_GARBAGE: broken(answers.status(200, '{"a": [1,')),
        SOURCE_RATE_LIMITED: broken(answers.status(429, '', { 'retry-after': '3600' })),
        SOURCE_UNREACHABLE: broken(answers.loop),
      },
      end: async () => {
        await server.end()
        await bench.end()
      },
    }
  })
}

test('its options are described', () => expectGoodSchema('http', httpSource.schema))

describe('http', () => {
  let bench: SourceBench
  let server: LoopbackServer
  beforeEach(async () => {
    bench = await beginBench({ secrets: { TOKEN: 'letmein' } })
    server = await startLoopbackServer()
  })
  afterEach(async () => {
    await server.end()
    await bench.end()
  })
  const source = (options: object) => httpSource.create('app', { type: 'http', ...options }, bench.ports)
  const index = (content: unknown) => {
    server.serve('/index', typeof content === 'string' ? content : JSON.stringify(content))
    return { index: `${server.origin}/index` }
  }
  const listed = async (options: object) =>
    (await source(options).versions(calm)).map(({ version }) => version)
  const hex = hexOf('one')

  test.each([
    ['a list of versions', ['1.0.0', 'v1.1.0'], {}],
    ['a list of objects', [{ version: '1.0.0' }, { version: 'v1.1.0' }, { other: 1 }, null, 7], {}],
    ['an object by version', { '1.0.0': {}, 'v1.1.0': { sha256: hex } }, {}],
    ['a list at a path', { data: { items: ['1.0.0', '1.1.0'] } }, { list: 'data.items' }],
    [
      'fields of other names',
      [{ tag: { name: '1.0.0' } }, { tag: { name: '1.1.0' } }],
      { fields: { version: 'tag.name' } },
    ],
    ['lines', '# releases\n1.0.0\n\nv1.1.0 and a comment\r\n!\n', {}],
    ['file names', 'app-1.0.0.zip\nother-9.zip\n', { pattern: 'app-{version}.zip', versions: ['1.1.0'] }],
    ['addresses', 'https://x.test/a/app-1.0.0.zip?x=1\n/app-1.1.0.zip', { pattern: 'app-{version}.zip' }],
    ['the same twice', '1.0.0\n1.0.0\n1.1.0\n', { versions: ['1.1.0'] }],
  ])('reads an index that is %s', async (_title, content, options) => {
    expect(await listed({ ...index(content), ...options })).toEqual(['1.0.0', '1.1.0'])
  })

  test.each([
    ['a document without a list', { data: 1 }, { list: 'data' }, /no list of versions at "data"/],
    ['a list at no such path', { data: [] }, { list: 'items' }, /no list of versions at "items"/],
    ['a web page', '<!doctype html><title>Sign in</title>', {}, /web page/],
    ['JSON that was cut off', '[{"version": "1.0', {}, /begins like JSON/],
    ['a digest that is none', [{ version: '1.0.0', sha256: 'abc' }], {}, /SHA-256 that is none/],
    ['a digest of the wrong kind', [{ version: '1.0.0', sha256: 5 }], {}, /SHA-256 that is none/],
  ])('refuses %s', async (_title, content, options, message) => {
    const error = await failureOf(source({ ...index(content), ...options }).versions(calm))
    expect([error.code, error.message]).toEqual(['SOURCE_GARBAGE', expect.stringMatching(message)])
  })

  test('refuses a version that the index has twice with other files, and only that', async () => {
    const options = index([
      { version: '1.0.0', url: 'a.zip', sha256: hex },
      { version: '1.0.0', url: 'b.zip', sha256: hex },
      { version: '1.1.0', url: 'c.zip', sha256: hex },
    ])
    expect(await listed(options)).toEqual(['1.0.0', '1.1.0'])
    expect((await source(options).resolve('1.1.0', calm)).artifact.name).toBe('c.zip')
    const error = await failureOf(source(options).resolve('1.0.0', calm))
    expect([error.code, error.details]).toEqual(['SOURCE_GARBAGE', ['a.zip', 'b.zip']])
  })

  test('makes a release of all that the index knows', async () => {
    const options = index([
      {
        version: '1.0.0',
        url: '../files/app%201.0.0.zip',
        sha256: hex.toUpperCase(),
        size: 3,
        publishedAt: '2026-01-02',
      },
    ])
    expect(await source(options).resolve('1.0.0', calm)).toEqual({
      source: 'app',
      version: '1.0.0',
      digest: `sha256:${hex}`,
      artifact: {
        kind: 'archive',
        name: 'app 1.0.0.zip',
        location: `${server.origin}/files/app%201.0.0.zip`,
        size: 3,
      },
      publishedAt: '2026-01-02',
    })
  })

  test('says that nothing leads to the file', async () => {
    const error = await failureOf(source(index(['1.0.0'])).resolve('1.0.0', calm))
    expect([error.code, error.hint]).toEqual(['SOURCE_GARBAGE', expect.stringContaining('url:')])
  })

  test('polls with one conditional request, by ETag or by date', async () => {
    const one = source({ ...index('1.0.0'), url: `${server.origin}/{version}` })
    for (let poll = 0; poll < 3; poll++) await one.versions(calm)
    expect(server.asked.map(({ status }) => status)).toEqual([200, 304, 304])
    const date = 'Sat, 21 Nov 2026 08:00:00 GMT'
    server.serve('/dated', (request, response) => {
      const same = request.headers['if-modified-since'] === date
      response.writeHead(same ? 304 : 200, { 'last-modified': date }).end(same ? undefined : '1.0.0')
    })
    const dated = source({ index: `${server.origin}/dated` })
    for (let poll = 0; poll < 3; poll++) expect(await dated.versions(calm)).toEqual([{ version: '1.0.0' }])
    expect(server.asked.slice(3).map(({ status }) => status)).toEqual([200, 304, 304])
  })

  test('asks nobody for versions that deploy.yaml lists', async () => {
    const one = source({ versions: ['v1.0.0', '1.1.0'], url: `${server.origin}/{version}.zip` })
    expect((await one.versions(calm)).map(({ version }) => version)).toEqual(['1.0.0', '1.1.0'])
    expect((await failureOf(one.resolve('2.0.0', calm))).message).toContain(
      'the list in deploy.yaml has no version 2.0.0',
    )
    expect(server.asked).toEqual([])
  })

  describe('checksum files', () => {
    const options = () => ({
      versions: ['1.0.0'],
      url: `${server.origin}/{version}/app.zip`,
      sha256: `${server.origin}/{version}/sums`,
    })
    test.each([
      ['the digits alone', `${hex}\n`],
      ['sha256sum lines', `${hexOf('x')}  other.zip\n${hex}  app.zip\n`],
      ['binary mode and folders', `${hexOf('x')} *a/other.zip\n${hex} *dist/app.zip\n`],
      ['BSD lines', `SHA256 (other.zip) = ${hexOf('x')}\nSHA256 (app.zip) = ${hex}\n`],
    ])('are read as %s', async (_title, content) => {
      server.serve('/1.0.0/sums', content)
      expect((await source(options()).resolve('1.0.0', calm)).digest).toBe(`sha256:${hex}`)
    })

    test.each([
      ['another file only', `${hex}  other.zip\n`],
      ['several digits without names', `${hex}\n${hexOf('x')}\n`],
      ['a web page', '<html></html>'],
    ])('prove nothing with %s', async (_title, content) => {
      server.serve('/1.0.0/sums', content)
      expect((await failureOf(source(options()).resolve('1.0.0', calm))).code).toBe('ARTIFACT_UNPROVEN')
    })

    test('that are not there leave the artifact missing', async () => {
      expect((await failureOf(source(options()).resolve('1.0.0', calm))).code).toBe('ARTIFACT_MISSING')
    })
  })

  describe('without any digest published', () => {
    const options = () => ({ versions: ['1.0.0'], url: `${server.origin}/{version}.zip` })
    const asked = (method: string) => server.asked.filter((one) => one.method === method).length

    test('the file is fetched once, then known by what the server says of it, in every process', async () => {
      server.serve('/1.0.0.zip', 'one')
      const release = await source(options()).resolve('1.0.0', calm)
      expect(release).toMatchObject({ digest: `sha256:${hex}`, artifact: { size: 3 } })
      expect(await source(options()).resolve('1.0.0', calm)).toEqual(release)
      const artifacts = createArtifacts({
        directory: bench.ports.cacheDirectory,
        source: () => source(options()),
        clock: bench.ports.clock,
        pid: process.pid,
      })
      const { path: file } = await artifacts.obtain(release, { type: 'http' }, () => undefined, calm)
      expect(await readFile(file, 'utf8')).toBe('one')
      expect([asked('HEAD'), asked('GET')]).toEqual([2, 1])
      // nothing is left but the artifact, its note and ours
      expect(
        (await readdir(path.join(bench.ports.cacheDirectory, 'http'))).filter(
          (name) => !name.endsWith('.json'),
        ),
      ).toEqual([])
    })

    test('a server that says nothing of its files is asked for them each time', async () => {
      let content = 'one'
      server.serve('/1.0.0.zip', (_request, response) => void response.writeHead(200).end(content))
      expect((await source(options()).resolve('1.0.0', calm)).digest).toBe(`sha256:${hex}`)
      content = 'two'
      expect((await source(options()).resolve('1.0.0', calm)).digest).toBe(`sha256:${hexOf('two')}`)
    })

    test('a server that refuses HEAD is asked for the file', async () => {
      server.serve('/1.0.0.zip', (request, response) => {
        if (request.method === 'HEAD') response.writeHead(405).end()
        else response.writeHead(200).end('one')
      })
      expect((await source(options()).resolve('1.0.0', calm)).digest).toBe(`sha256:${hex}`)
    })

    test('a file that is not there is missing', async () => {
      expect((await failureOf(source(options()).resolve('1.0.0', calm))).code).toBe('ARTIFACT_MISSING')
    })
  })

  test('sends headers to the hosts that deploy.yaml names, and to no other', async () => {
    const other = await startLoopbackServer()
    try {
      const address = `${other.origin.replace('127.0.0.1', 'localhost')}/app.zip`
      other.serve('/app.zip', 'one')
      server.serve('/own.zip', 'one')
      const options = {
        ...index([
          { version: '1.0.0', url: address, sha256: hex },
          { version: '1.1.0', url: 'own.zip', sha256: hex },
        ]),
        headers: { Authorization: 'Bearer ${secret.TOKEN}' },
      }
      for (const version of ['1.0.0', '1.1.0']) {
        const release = await source(options).resolve(version, calm)
        const context = { file: path.join(bench.folder, version), onProgress: () => undefined, signal: calm }
        expect(await readFile((await source(options).fetch(release, context)).path, 'utf8')).toBe('one')
        // an address alone would not do there
        expect(source(options).address).toBeUndefined()
        expect(await source({ ...options, headers: {} }).address?.(release, calm)).toBe(
          release.artifact.location,
        )
      }
      expect(new Set(server.asked.map(({ headers }) => headers.authorization))).toEqual(
        new Set(['Bearer letmein']),
      )
      expect(other.asked.map(({ headers }) => headers.authorization)).toEqual([undefined])
    } finally {
      await other.end()
    }
  })

  test('fills a version into an address so that it cannot lead elsewhere', async () => {
    const one = source({
      versions: ['../../x?y'],
      url: `${server.origin}/a/{version}.zip`,
      sha256: `${server.origin}/sums`,
    })
    server.serve('/sums', hex)
    expect((await one.resolve('../../x?y', calm)).artifact.location).toBe(
      `${server.origin}/a/..%2F..%2Fx%3Fy.zip`,
    )
  })
})
