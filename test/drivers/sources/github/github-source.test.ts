import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { arch, platform } from 'node:os'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { githubSource } from '../../../../src/drivers/sources/github/github-source.js'
import type { Release } from '../../../../src/model/release.js'
import type { Source } from '../../../../src/model/source.js'
import { documentedDrivers } from '../../../contract/documented-drivers.js'
import { admits, expectGoodSchema } from '../../../contract/driver-schema.js'
import { failureOf, sourceContract } from '../../../contract/source.contract.js'
import {
  limits,
  sendError,
  sendFile,
  startGitHub,
  type GitHubStandIn,
} from '../../../support/github-stand-in.js'
import { addressOf, testWith } from '../../../support/needs.js'
import { answers } from '../loopback-server.js'
import { beginBench, calm, type BenchParts, type SourceBench } from '../source-bench.js'

const digestOf = (content: string) => `sha256:${createHash('sha256').update(content).digest('hex')}`

/** GitHub as it is, and as it was before it made digests, which many an enterprise server still is. */
for (const [title, digest] of [
  ['github', undefined],
  ['github, without digests', null],
] as const) {
  sourceContract(title, async () => {
    const bench = await beginBench()
    const github = await startGitHub()
    const contents = new Map<string, string>()
    const broken = (handler: Parameters<GitHubStandIn['breakWith']>[0]) => async () =>
      github.breakWith(handler)
    return {
      scratch: bench.folder,
      source: () =>
        githubSource.create(
          'app',
          { type: 'github', repository: 'acme/app', asset: 'app_{version}.tgz', baseUrl: github.apiUrl },
          bench.ports,
        ),
      publish: async (version, content) => {
        contents.set(version, content)
        const asset = digest === undefined ? { content } : { content, digest }
        github.publish(`v${version}`, { assets: { [`app_${version}.tgz`]: asset } })
      },
      later: () => bench.pass(60_000),
      bytesOf: async (version) => Buffer.from(contents.get(version) ?? ''),
      troubles: {
        SOURCE_NOT_FOUND: broken(answers.status(404, '{"message":"Not Found"}')),
        SOURCE_DENIED: broken(answers.status(401, '{"message":"Requires authentication"}')),
        SOURCE_GARBAGE: broken(answers.status(200, '<html><title>Sign in</title></html>')),
        SOURCE_RATE_LIMITED: broken(limits.primary(3600)),
        SOURCE_UNREACHABLE: broken(answers.cut),
      },
      end: async () => {
        await github.end()
        await bench.end()
      },
    }
  })
}

test('its options are described', () => expectGoodSchema('github', githubSource.schema))

test('its page shows options that are admitted', () => {
  const shown = documentedDrivers('sources/github.md')
  expect(shown.length).toBeGreaterThan(1)
  for (const options of shown)
    expect(admits(githubSource.schema, options), JSON.stringify(options)).toBe(true)
})

test.each([
  [{ baseUrl: 'http://ghe.example.com/api/v3' }, false],
  [{ baseUrl: 'http://127.0.0.1:8080' }, true],
  [{ repository: 'acme' }, false],
  [{ repository: 'https://github.com/acme/app' }, false],
  [{ asset: 'app_{versoin}.tgz' }, false],
])('%j admitted: %s', (options, expected) => {
  const all = { type: 'github', repository: 'acme/app', ...options }
  expect(admits(githubSource.schema, all)).toBe(expected)
})

describe('github', () => {
  let bench: SourceBench
  let github: GitHubStandIn
  const begin = async (parts: BenchParts = {}) => {
    bench = await beginBench(parts)
  }
  beforeEach(async () => {
    github = await startGitHub()
    github.publish('v1.0.0', { assets: { 'app_1.0.0.tgz': 'one' } })
  })
  afterEach(async () => {
    await github.end()
    await bench.end()
  })
  const source = (options: object = {}): Source =>
    githubSource.create(
      'app',
      {
        type: 'github',
        repository: 'acme/app',
        asset: 'app_{version}.tgz',
        baseUrl: github.apiUrl,
        ...options,
      },
      bench.ports,
    )
  const listed = async (from: Source) => (await from.versions(calm)).map(({ version }) => version)
  const context = () => ({
    file: path.join(bench.folder, 'fetched'),
    onProgress: () => undefined,
    signal: calm,
  })
  const fetched = async (from: Source, release: Release) =>
    readFile((await from.fetch(release, context())).path, 'utf8')
  /** Pages, tags and files asked for, in short, with the status of the answer. */
  const asked = () =>
    github.asked.map(({ path: at, status }) => `${at.replace(/^.*\/(acme\/app|1296269)\//, '')} ${status}`)

  test('makes a release that says what it takes to have it', async () => {
    await begin()
    expect(await source().resolve('1.0.0', calm)).toEqual({
      source: 'app',
      version: '1.0.0',
      digest: digestOf('one'),
      artifact: {
        kind: 'archive',
        name: 'app_1.0.0.tgz',
        location: `${github.apiUrl}/repos/acme/app/releases/assets/1001`,
        size: 3,
      },
      publishedAt: '2026-01-02T03:04:05Z',
    })
  })

  describe('asks as little as it can', () => {
    test('100 idle polls are 100 conditional requests and nothing else', async () => {
      await begin()
      const one = source()
      await one.versions(calm)
      for (let poll = 0; poll < 100; poll++) {
        bench.pass(10_000)
        await one.versions(calm)
        await one.resolve('1.0.0', calm)
      }
      const page = 'releases?per_page=100&page=1'
      expect(asked()).toEqual([`${page} 200`, ...Array.from({ length: 100 }, () => `${page} 304`)])
      expect(github.asked.slice(1).every(({ headers }) => headers['if-none-match'] !== undefined)).toBe(true)
      expect(github.filesAsked).toEqual([])
    })

    const publishMany = (count: number) => {
      for (let index = 1; index <= count; index++) {
        github.publish(`v0.0.${index}`, { assets: { [`app_0.0.${index}.tgz`]: `content ${index}` } })
      }
    }

    test('of a long list too, of which a new release costs one page', async () => {
      await begin()
      publishMany(249)
      const one = source()
      expect(await listed(one)).toHaveLength(250)
      expect(asked()).toEqual([1, 2, 3].map((page) => `releases?per_page=100&page=${page} 200`))
      await listed(one)
      github.publish('v2.0.0')
      const all = await listed(one)
      expect([all.length, all[0], all.at(-1)]).toEqual([251, '2.0.0', '1.0.0'])
      expect(asked().slice(3)).toEqual([
        'releases?per_page=100&page=1 304',
        'releases?per_page=100&page=1 200',
      ])
    })

    test('and once an hour goes through all of it, as GitHub does not promise an order', async () => {
      await begin()
      publishMany(249)
      const one = source()
      await listed(one)
      github.remove('v1.0.0')
      bench.pass(59 * 60_000)
      expect(await listed(one)).toContain('1.0.0')
      bench.pass(2 * 60_000)
      expect(await listed(one)).not.toContain('1.0.0')
      expect(asked().slice(4)).toEqual([
        'releases?per_page=100&page=1 304',
        'releases?per_page=100&page=2 304',
        'releases?per_page=100&page=3 200',
      ])
    })

    test('stops after 1,000 releases; an older one is found by its tag', async () => {
      await begin()
      publishMany(1050)
      const one = source()
      expect(await listed(one)).toHaveLength(1000)
      expect(github.asked).toHaveLength(10)
      expect((await one.resolve('1.0.0', calm)).digest).toBe(digestOf('one'))
      expect(asked().slice(10)).toEqual(['releases/tags/v1.0.0 200', 'releases/tags/1.0.0 404'])
      const error = await failureOf(one.resolve('9.9.9', calm))
      expect(error.message).toBe('source "app": acme/app (its newest 1000 releases) has no version 9.9.9')
    })

    test('an exact version costs no list', async () => {
      await begin()
      expect((await source().resolve('v1.0.0', calm)).version).toBe('1.0.0')
      expect(asked()).toEqual(['releases/tags/v1.0.0 200', 'releases/tags/1.0.0 404'])
    })

    test('a five-minute outage, polled every ten seconds, is met with at most eight requests', async () => {
      await begin()
      const one = source()
      await one.versions(calm)
      github.breakWith(answers.status(503))
      const errors: string[] = []
      for (let second = 0; second < 300; second += 10) {
        errors.push((await failureOf(one.versions(calm))).code)
        bench.pass(10_000)
      }
      expect(new Set(errors)).toEqual(new Set(['SOURCE_UNREACHABLE']))
      expect(github.asked.length - 1).toBeLessThanOrEqual(8)
      github.breakWith(null)
      bench.pass(5 * 60_000)
      expect(await listed(one)).toEqual(['1.0.0'])
    })
  })

  describe('rate limits', () => {
    const kinds = [
      [
        'the hour, used up',
        limits.primary(1800),
        /until \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC: the limit of 60 requests an hour without a token is used up/,
        1800,
      ],
      ['the same as 429', limits.primary(1800, 429), /the limit of 60 requests an hour/, 1800],
      ['too much at once', limits.secondary(120), /asked too much at once \(secondary rate limit\)/, 120],
      ['too much at once, as 429', limits.secondary(120, 429), /secondary rate limit/, 120],
      ['too much at once, known by its text alone', limits.secondary(null), /secondary rate limit/, 60],
      ['nothing but 429', answers.status(429), /asked too much/, 60],
    ] as const
    test.each(kinds)(
      '%s: told with the time, and not asked again before',
      async (_title, limit, message, waitS) => {
        await begin()
        const one = source()
        github.breakWith(limit)
        const first = await failureOf(one.versions(calm))
        expect([first.code, first.message]).toEqual(['SOURCE_RATE_LIMITED', expect.stringMatching(message)])
        expect(first.hint).toMatch(/^Try again in \d+m?s?.*Set token:, or GITHUB_TOKEN/)
        expect(github.asked).toHaveLength(1)

        bench.pass((waitS - 10) * 1000)
        const again = await failureOf(one.resolve('1.0.0', calm))
        expect([again.code, again.details.at(-1)]).toEqual([
          'SOURCE_RATE_LIMITED',
          expect.stringMatching(/it is asked again in \d+s/),
        ])
        expect(github.asked).toHaveLength(1)

        bench.pass(20_000)
        github.breakWith(null)
        expect(await listed(one)).toEqual(['1.0.0'])
        expect(github.asked).toHaveLength(2)
      },
    )

    test('a short one is sat out', async () => {
      await begin()
      let refused = 0
      github.breakWith((request, response) => {
        github.breakWith(null)
        refused++
        limits.secondary(2)(request, response)
      })
      expect(await listed(source())).toEqual(['1.0.0'])
      expect([refused, github.asked.length]).toEqual([1, 2])
    })

    test('with a token the advice is another', async () => {
      await begin({ secrets: { TOKEN: 'letmein' } })
      github.breakWith(limits.primary(600))
      const error = await failureOf(source({ token: '${secret.TOKEN}' }).versions(calm))
      expect(error.message).toContain('the limit of 60 requests an hour is used up')
      expect(error.hint).toContain('Everything that uses the token in deploy.yaml shares its limit')
    })

    test('hold for the download of an asset as well', async () => {
      await begin()
      const one = source()
      const release = await one.resolve('1.0.0', calm)
      github.breakWith(limits.primary(600))
      expect((await failureOf(one.fetch(release, context()))).code).toBe('SOURCE_RATE_LIMITED')
      expect(github.asked.filter(({ status }) => status === 403)).toHaveLength(1)
    })

    test('a clock of ours that is wrong changes nothing', async () => {
      await begin()
      bench.pass(-3_600_000)
      github.breakWith(limits.primary(600))
      expect((await failureOf(source().versions(calm))).hint).toMatch(/^Try again in (9m 5\ds|10m)\./)
    })
  })

  describe('releases', () => {
    test('drafts are none', async () => {
      await begin()
      github.publish('v2.0.0', { draft: true, assets: { 'app_2.0.0.tgz': 'two' } })
      const one = source()
      expect(await listed(one)).toEqual(['1.0.0'])
      expect((await failureOf(one.resolve('2.0.0', calm))).code).toBe('VERSION_NOT_FOUND')
    })

    test('what GitHub calls a pre-release is listed as one, whatever its version looks like', async () => {
      await begin()
      github.publish('v1.1.0', { prerelease: true, assets: { 'app_1.1.0.tgz': 'next' } })
      const offered = await source().versions(calm)
      expect(offered).toContainEqual({
        version: '1.1.0',
        publishedAt: '2026-01-02T03:04:05Z',
        prerelease: true,
      })
    })

    test('go by a pattern of tags, with slashes too, and other tags are not theirs', async () => {
      await begin()
      github.publish('api/v1.4.0', { assets: { 'app_1.4.0.tgz': 'api' } })
      github.publish('web/v1.5.0', { assets: { 'app_1.5.0.tgz': 'web' } })
      const options = { tag: 'api/{version}' }
      expect(await listed(source(options))).toEqual(['1.4.0'])
      expect((await source(options).resolve('1.4.0', calm)).digest).toBe(digestOf('api'))
      expect((await failureOf(source(options).resolve('1.5.0', calm))).code).toBe('VERSION_NOT_FOUND')
    })

    test('two for one version are refused, listed or not', async () => {
      await begin()
      github.publish('1.0.0', { assets: { 'app_1.0.0.tgz': 'other' } })
      const one = source()
      for (const attempt of [
        () => source().resolve('1.0.0', calm),
        () => one.versions(calm).then(() => one.resolve('1.0.0', calm)),
      ]) {
        const error = await failureOf(attempt())
        expect([error.code, [...error.details].sort()]).toEqual(['SOURCE_GARBAGE', ['1.0.0', 'v1.0.0']])
      }
    })

    test('are found under the new name of a repository that was renamed', async () => {
      await begin()
      github.renamedFrom('acme/old')
      const one = source({ repository: 'acme/old' })
      expect(await listed(one)).toEqual(['1.0.0'])
      expect(await fetched(one, await one.resolve('1.0.0', calm))).toBe('one')
    })
  })

  describe('assets', () => {
    test('are named by version, tag and platform', async () => {
      await begin()
      const name = `app-v1.1.0_${platform() === 'darwin' ? 'macOS' : platform()}-${arch() === 'x64' ? 'x86_64' : 'aarch64'}.zip`
      github.publish('v1.1.0', { assets: { [name]: 'two', 'app-v1.1.0_plan9-mips.zip': 'no' } })
      const release = await source({ asset: 'app-{tag}_{os}-{arch}.zip' }).resolve('1.1.0', calm)
      expect([release.artifact.name, release.digest]).toEqual([name, digestOf('two')])
    })

    test('that are not there yet are missing, with the names there are; the listing has the time', async () => {
      await begin()
      github.publish('v1.1.0', { assets: { 'app_1.1.0.tar.gz': 'x', SHA256SUMS: 'y' } })
      const error = await failureOf(source().resolve('1.1.0', calm))
      expect([error.code, error.message, error.details]).toEqual([
        'ARTIFACT_MISSING',
        'source "app": the release v1.1.0 has no asset "app_1.1.0.tgz"',
        ['it has: app_1.1.0.tar.gz, SHA256SUMS'],
      ])
      expect(error.hint).toContain('Did you mean "app_1.1.0.tar.gz"?')
      expect(await source().versions(calm)).toContainEqual({
        version: '1.1.0',
        publishedAt: '2026-01-02T03:04:05Z',
      })
    })

    test('that are being uploaded are not there yet', async () => {
      await begin()
      github.publish('v1.1.0', {
        assets: { 'app_1.1.0.tgz': { content: '', state: 'starter', digest: null } },
      })
      const error = await failureOf(source().resolve('1.1.0', calm))
      expect([error.code, error.message]).toEqual([
        'ARTIFACT_MISSING',
        expect.stringContaining('it is being uploaded'),
      ])
    })

    test('have to be chosen: without asset: the names are shown, and how to write it', async () => {
      await begin()
      github.publish('v1.1.0', { assets: { 'checksums.txt': 'x', 'app_1.1.0_linux.tar.gz': 'y' } })
      const error = await failureOf(source({ asset: undefined }).resolve('1.1.0', calm))
      expect([error.code, error.hint, error.details]).toEqual([
        'CONFIG_INVALID',
        'Set asset: to the name of one, such as "app_{version}_linux.tar.gz".',
        ['it has: checksums.txt, app_1.1.0_linux.tar.gz'],
      ])
    })

    test('uploaded again under the same name are another release', async () => {
      await begin()
      const one = source()
      const before = await one.resolve('1.0.0', calm)
      github.upload('v1.0.0', 'app_1.0.0.tgz', 'changed')
      bench.pass(10_000)
      const after = await one.resolve('1.0.0', calm)
      expect(after.digest).toBe(digestOf('changed'))
      const error = await failureOf(one.fetch(before, context()))
      expect([error.code, error.hint]).toEqual(['ARTIFACT_MISSING', expect.stringContaining('plan again')])
    })

    test('without a digest are fetched once to learn it', async () => {
      await begin()
      github.upload('v1.0.0', 'app_1.0.0.tgz', { content: 'old one', digest: null })
      const releases = [await source().resolve('1.0.0', calm), await source().resolve('1.0.0', calm)]
      expect(releases.map(({ digest }) => digest)).toEqual([digestOf('old one'), digestOf('old one')])
      expect(await fetched(source(), releases[0]!)).toBe('old one')
      expect(github.filesAsked).toHaveLength(1)
      github.upload('v1.0.0', 'app_1.0.0.tgz', { content: 'new one', digest: null })
      expect((await source().resolve('1.0.0', calm)).digest).toBe(digestOf('new one'))
    })

    test('are downloaded on from where the connection was cut', async () => {
      await begin()
      const content = Buffer.from('0123456789'.repeat(50_000))
      github.upload('v1.0.0', 'app_1.0.0.tgz', { content })
      const one = source()
      const release = await one.resolve('1.0.0', calm)
      github.breakFilesWith((_request, response) => {
        github.breakFilesWith(null)
        const etag = `"${createHash('md5').update(content).digest('hex')}"`
        response.writeHead(200, { etag, 'content-length': String(content.length) })
        response.write(content.subarray(0, 200_000), () => response.destroy())
      })
      expect(await fetched(one, release)).toBe(content.toString())
      expect(github.filesAsked.map(({ status }) => status)).toEqual([200, 206])
      expect(github.filesAsked[1]?.path).not.toBe(github.filesAsked[0]?.path)
    })

    test('may come from the API itself', async () => {
      await begin()
      const release = await source().resolve('1.0.0', calm)
      github.breakWith((request, response) => sendFile(request, response, Buffer.from('one')))
      expect(await fetched(source(), release)).toBe('one')
      expect(github.filesAsked).toEqual([])
    })
  })

  describe('companions', () => {
    const companion = async (name: string) => {
      const release = await source().resolve('1.0.0', calm)
      return source().companion!(release, name, calm)
    }

    test('are other assets of the same release', async () => {
      await begin()
      const signature = Buffer.from([0, 255, 128, 10, 13])
      github.upload('v1.0.0', 'checksums_1.0.0.txt', 'abc  app_1.0.0.tgz')
      github.upload('v1.0.0', 'app_1.0.0.tgz.sig', { content: signature })
      expect(Buffer.from((await companion('checksums_{version}.txt'))!).toString()).toBe('abc  app_1.0.0.tgz')
      expect(Buffer.from((await companion('app_1.0.0.tgz.sig'))!)).toEqual(signature)
      expect(await companion('SHA256SUMS')).toBeNull()
    })

    test('are small', async () => {
      await begin()
      github.upload('v1.0.0', 'SHA256SUMS', { content: Buffer.alloc(2 ** 20 + 1) })
      const error = await failureOf(companion('SHA256SUMS'))
      expect([error.code, error.message]).toEqual([
        'SOURCE_GARBAGE',
        expect.stringContaining('short document'),
      ])
    })
  })

  describe('the token', () => {
    const seen = () => github.asked.map(({ headers }) => headers.authorization)

    test('opens a private repository, goes to the API, and never to where the files are', async () => {
      await begin({ secrets: { TOKEN: 'letmein' } })
      github.requireToken('letmein')
      const one = source({ token: '${secret.TOKEN}' })
      await one.versions(calm)
      expect(await fetched(one, await one.resolve('1.0.0', calm))).toBe('one')
      expect(new Set(seen())).toEqual(new Set(['token letmein']))
      expect(github.filesAsked.map(({ headers }) => headers.authorization)).toEqual([undefined])
      const error = await failureOf(source().versions(calm))
      expect([error.code, error.hint]).toEqual([
        'SOURCE_NOT_FOUND',
        expect.stringContaining('private repository'),
      ])
    })

    test('never goes to a host that a release from elsewhere names', async () => {
      await begin({ secrets: { TOKEN: 'letmein' } })
      const release = await source().resolve('1.0.0', calm)
      const other = await startGitHub()
      try {
        other.publish('v1.0.0', { assets: { 'app_1.0.0.tgz': 'one' } })
        const location = release.artifact.location.replace(github.apiUrl, other.apiUrl)
        const moved = { ...release, artifact: { ...release.artifact, location } }
        expect(await fetched(source({ token: '${secret.TOKEN}' }), moved)).toBe('one')
        expect(other.asked.map(({ headers }) => headers.authorization)).toEqual([undefined])
      } finally {
        await other.end()
      }
    })

    test('that is not accepted is named by where it was found', async () => {
      await begin({ env: { GH_ENTERPRISE_TOKEN: 'stale' } })
      github.requireToken('fresh')
      const error = await failureOf(source().versions(calm))
      expect([error.code, error.message]).toEqual([
        'SOURCE_DENIED',
        expect.stringMatching(/does not accept the token in GH_ENTERPRISE_TOKEN \(401\)$/),
      ])
      expect(JSON.stringify([error.message, error.hint, error.details])).not.toContain('stale')
    })

    test('that may not read is told apart from one that lacks the single sign-on', async () => {
      await begin({ secrets: { TOKEN: 'letmein' } })
      const one = source({ token: '${secret.TOKEN}' })
      const message = 'Resource not accessible by personal access token'
      github.breakWith((_request, response) => sendError(response, 403, { message }))
      expect(await failureOf(one.versions(calm))).toMatchObject({
        code: 'SOURCE_DENIED',
        hint: expect.stringContaining('read access to the contents') as string,
        details: [`it said: ${message}`],
      })
      const sso = { 'x-github-sso': 'required; url=https://github.com/orgs/acme/sso?authorization_request=A' }
      github.breakWith((_request, response) => sendError(response, 403, { message: 'SAML' }, sso))
      expect((await failureOf(one.versions(calm))).message).toContain('single sign-on')
    })

    test('of github.com in the environment is not for an enterprise server', async () => {
      await begin({ env: { GH_TOKEN: 'hubs', GITHUB_TOKEN: 'hubs too' } })
      await source().versions(calm)
      expect(seen()).toEqual([undefined])
    })

    test('of a workflow is for the server that the workflow runs on', async () => {
      await begin({ env: { GITHUB_TOKEN: 'workflows', GITHUB_API_URL: github.apiUrl } })
      await source().versions(calm)
      expect(seen()).toEqual(['token workflows'])
    })
  })

  testWith('github-fixtures')('asks in the way that GitHub answered when it was recorded', async () => {
    await begin({ secrets: { TOKEN: '0000000000000000000000000000000000000001' } })
    const begun = await fetch(`${addressOf('github-fixtures')}/fixtures`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"scenario": "release-assets"}',
    })
    const { url } = (await begun.json()) as { url: string }
    const options = {
      repository: 'octokit-fixture-org/release-assets',
      baseUrl: url,
      token: '${secret.TOKEN}',
    }
    const error = await failureOf(source(options).resolve('1.0.0', calm))
    expect([error.code, error.message, error.details]).toEqual([
      'ARTIFACT_MISSING',
      'source "app": the release v1.0.0 has no asset "app_1.0.0.tgz"',
      ['it has no assets at all'],
    ])
  })

  test('an address that is none is refused before anything is asked', async () => {
    await begin()
    expect(() => source({ baseUrl: 'https://ghe.example.com:99999/api/v3' })).toThrow(
      /baseUrl is not an address/,
    )
  })

  test('an enterprise server may be written with a slash at the end', async () => {
    await begin()
    expect(await listed(source({ baseUrl: `${github.apiUrl}/` }))).toEqual(['1.0.0'])
  })

  test.each([
    '{}',
    '[1]',
    '[{"id": 1}]',
    '[{"id": "1", "tag_name": "v1", "assets": []}]',
    '"text"',
    'null',
    '[{',
    '',
  ])('refuses a list such as %s', async (body) => {
    await begin()
    github.breakWith(answers.status(200, body, { 'content-type': 'application/json' }))
    const error = await failureOf(source().versions(calm))
    expect([error.code, error.hint]).toEqual(['SOURCE_GARBAGE', expect.stringContaining('baseUrl:')])
  })
})
