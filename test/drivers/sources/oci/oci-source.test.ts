import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ociSource } from '../../../../src/drivers/sources/oci/oci-source.js'
import type { Release } from '../../../../src/model/release.js'
import { policyOf } from '../../../support/version-policy.js'
import { pickVersion } from '../../../../src/model/version.js'
import { admits, expectGoodSchema } from '../../../contract/driver-schema.js'
import { failureOf, sourceContract } from '../../../contract/source.contract.js'
import { digestOfContent } from '../../../support/oci-pusher.js'
import { answers } from '../loopback-server.js'
import { beginBench, calm, type SourceBench } from '../source-bench.js'
import { startLoopbackOci, type LoopbackOci } from './loopback-oci.js'

sourceContract('oci, at a registry that answers in pages', async () => {
  const bench = await beginBench()
  const oci = await startLoopbackOci()
  oci.pageSize = 2
  const contents = new Map<string, string>()
  const broken = (handler: ReturnType<typeof answers.status>) => async () => oci.server.breakWith(handler)
  return {
    scratch: bench.folder,
    source: () => ociSource.create('app', { type: 'oci', image: oci.image }, bench.ports),
    publish: async (version, content) => {
      contents.set(version, content)
      oci.publish(`v${version}`, content)
    },
    later: () => bench.pass(60_000),
    bytesOf: async (version) => Buffer.from(contents.get(version) ?? ''),
    troubles: {
      SOURCE_NOT_FOUND: broken(answers.status(404, '{"errors":[{"code":"NAME_UNKNOWN"}]}')),
      SOURCE_DENIED: broken(answers.status(401, '', { 'www-authenticate': 'Basic realm="x"' })),
      SOURCE_GARBAGE: broken(answers.status(200, '<html><title>Sign in</title></html>')),
      SOURCE_RATE_LIMITED: broken(answers.status(429, '', { 'retry-after': '3600' })),
      SOURCE_UNREACHABLE: broken(answers.cut),
    },
    end: async () => {
      await oci.end()
      await bench.end()
    },
  }
})

test('its options are described', () => {
  expectGoodSchema('oci', ociSource.schema)
  const base = { type: 'oci', image: 'ghcr.io/acme/app' }
  expect(admits(ociSource.schema, { ...base, username: 'a', password: 'b' })).toBe(true)
  expect(admits(ociSource.schema, { ...base, username: 'a' })).toBe(false)
  expect(admits(ociSource.schema, { ...base, tag: '{version}-{version}' })).toBe(false)
})

const manifestType = 'application/vnd.oci.image.manifest.v1+json'
const indexType = 'application/vnd.oci.image.index.v1+json'
const imageConfig = {
  mediaType: 'application/vnd.oci.image.config.v1+json',
  digest: digestOfContent('{}'),
  size: 2,
}

describe('oci', () => {
  let bench: SourceBench
  let oci: LoopbackOci
  beforeEach(async () => {
    bench = await beginBench({ secrets: { PASSWORD: 'open sesame' } })
    oci = await startLoopbackOci()
    oci.blob('{}') // the configuration of images
  })
  afterEach(async () => {
    await oci.end()
    await bench.end()
  })
  const source = (options: object = {}) =>
    ociSource.create('app', { type: 'oci', image: oci.image, ...options }, bench.ports)
  const listed = async (options: object = {}) =>
    (await source(options).versions(calm)).map(({ version }) => version).sort()
  const fetchInto = async (release: Release, options: object = {}) => {
    const file = path.join(bench.folder, 'fetched')
    await source(options).fetch(release, { file, onProgress: () => undefined, signal: calm })
    return readFile(file, 'utf8')
  }
  const layerOf = (content: string, title?: string, mediaType = 'text/plain') => ({
    mediaType,
    digest: oci.blob(content),
    size: content.length,
    ...(title === undefined ? {} : { annotations: { 'org.opencontainers.image.title': title } }),
  })
  const image = (parts: object, layers: readonly object[] = [layerOf('layer')]) =>
    oci.manifest(null, { mediaType: manifestType, config: imageConfig, layers, ...parts })

  describe('tags', () => {
    test('are read page by page, and attachments of cosign are none of them', async () => {
      for (const tag of ['v1.0.0', '1.1.0', 'v1.2.0', '1.3.0', `sha256-${'a'.repeat(64)}.sig`])
        oci.publish(tag, tag)
      for (const ending of ['', '.att', '.sbom']) oci.publish(`sha256-${'b'.repeat(64)}${ending}`, 'x')
      oci.pageSize = 2
      expect(await listed()).toEqual(['1.0.0', '1.1.0', '1.2.0', '1.3.0'])
      expect(oci.server.asked).toHaveLength(4)
      expect(oci.server.asked[0]?.path).toMatch(/\?n=1000$/)
    })

    test('that do not fit the pattern are not on offer', async () => {
      for (const tag of ['1.0.0-alpine', '1.0.0', 'latest', 'v1.1.0-alpine']) oci.publish(tag, tag)
      expect(await listed({ tag: '{version}-alpine' })).toEqual(['1.0.0', '1.1.0'])
    })

    test.each([
      ['a link to another host and scheme', 'https://elsewhere.invalid/v2/acme/app/tags/list?last=1.0.0'],
      ['a relative link', '?last=1.0.0'],
    ])('%s is followed at this registry', async (_title, link) => {
      oci.publish('1.0.0', 'one')
      oci.publish('1.1.0', 'two')
      oci.server.serve(`${oci.base}/tags/list?n=1000`, '{"tags":["1.0.0"]}', {
        link: `<${link}>; rel="next"`,
      })
      expect(await listed()).toEqual(['1.0.0', '1.1.0'])
    })

    test('without end are refused', async () => {
      const link = `<${oci.base}/tags/list?n=1000>; rel="next"`
      oci.server.serve(`${oci.base}/tags/list?n=1000`, '{"tags":["1.0.0"]}', { link })
      const error = await failureOf(source().versions(calm))
      expect([error.code, error.message]).toEqual(['SOURCE_GARBAGE', expect.stringMatching(/has no end/)])
    })

    test('of one version that name the same content are one version; else it is said', async () => {
      oci.publish('1.0.0', 'one')
      oci.publish('v1.0.0', 'one')
      const release = await source().resolve('1.0.0', calm)
      expect(release.digest).toBe(digestOfContent('one'))
      oci.publish('v1.0.0', 'another')
      const error = await failureOf(source().resolve('1.0.0', calm))
      expect([error.code, error.details]).toEqual(['SOURCE_GARBAGE', ['1.0.0', 'v1.0.0']])
    })

    test('moved under what was deployed are judged as the source says', () => {
      expect(source({ retag: 'refuse' }).retag).toBe('refuse')
      expect(source().retag).toBeUndefined()
    })

    test('can be one that is followed, which is then what latest means', async () => {
      oci.publish('stable', 'one')
      oci.publish('1.0.0', 'other')
      const one = source({ tag: 'stable' })
      expect(await one.versions(calm)).toEqual([{ version: 'stable', moving: true }])
      const circumstances = { now: bench.ports.clock.now(), running: null }
      const { candidates } = pickVersion(await one.versions(calm), policyOf({}), circumstances)
      expect(candidates.map(({ version }) => version)).toEqual(['stable'])
      const before = await one.resolve('stable', calm)
      oci.publish('stable', 'two')
      await one.versions(calm)
      expect((await one.resolve('stable', calm)).digest).not.toBe(before.digest)
      expect((await failureOf(one.resolve('1.0.0', calm))).code).toBe('VERSION_NOT_FOUND')
      const error = await failureOf(source({ tag: 'unstable' }).versions(calm))
      expect([error.code, error.message]).toEqual([
        'VERSION_NOT_FOUND',
        expect.stringMatching(/has no tag "unstable"/),
      ])
    })
  })

  describe('what a release is', () => {
    test('of an artifact: its file, whatever else a new manifest says', async () => {
      oci.publish('1.0.0', 'one', {
        annotations: { 'org.opencontainers.image.created': '2026-01-01T00:00:00Z' },
      })
      const before = await source().resolve('1.0.0', calm)
      expect(before).toMatchObject({ digest: digestOfContent('one'), publishedAt: '2026-01-01T00:00:00Z' })
      oci.publish('1.0.0', 'one', {
        annotations: { 'org.opencontainers.image.created': '2026-02-02T00:00:00Z' },
      })
      const after = await source().resolve('1.0.0', calm)
      expect(after.digest).toBe(before.digest)
      expect(after.artifact.location).not.toBe(before.artifact.location)
      expect(await fetchInto(before)).toBe('one')
    })

    test('of an image: its manifest, which no directory can take', async () => {
      const layers = [layerOf('one'), layerOf('two')]
      const { digest } = oci.manifest('1.0.0', { mediaType: manifestType, config: imageConfig, layers })
      const release = await source().resolve('1.0.0', calm)
      expect(release).toMatchObject({ digest, artifact: { location: `${oci.image}@${digest}`, size: 6 } })
      const error = await failureOf(fetchInto(release))
      expect([error.code, error.message]).toEqual(['ARCHIVE_REFUSED', expect.stringMatching(/is an image/)])
      expect(error.hint).toMatch(/container.*oras push.*layer:/)
    })

    test.each([
      ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z'],
      ['1970-01-01T00:00:00Z', undefined],
      [undefined, undefined],
    ])('of an image built at %s: published at %s', async (created, publishedAt) => {
      const text = JSON.stringify({ architecture: 'amd64', created })
      const config = { ...imageConfig, digest: oci.blob(text), size: text.length }
      oci.manifest('1.0.0', { mediaType: manifestType, config, layers: [] })
      expect((await source().resolve('1.0.0', calm)).publishedAt).toBe(publishedAt)
    })

    test('of an image, when a layer is named: that layer', async () => {
      const layers = [layerOf('one'), layerOf('two', undefined, 'application/x-site')]
      oci.manifest('1.0.0', { mediaType: manifestType, config: imageConfig, layers })
      const options = { mediaType: 'application/x-*' }
      const release = await source(options).resolve('1.0.0', calm)
      expect(release.digest).toBe(digestOfContent('two'))
      expect(await fetchInto(release, options)).toBe('two')
    })

    test('with several files: the one that is named, and it is told when that is not one', async () => {
      const layers = [
        layerOf('a', 'site-1.0.0.tar.gz'),
        layerOf('b', 'SHA256SUMS'),
        layerOf('c', 'site-1.0.0.zip'),
      ]
      oci.publish('1.0.0', '', { layers })
      const release = await source({ layer: 'site-{version}.tar.gz' }).resolve('1.0.0', calm)
      expect(release).toMatchObject({ digest: digestOfContent('a'), artifact: { name: 'site-1.0.0.tar.gz' } })
      const many = await failureOf(source({ layer: 'site-*' }).resolve('1.0.0', calm))
      expect([many.code, many.details.length]).toEqual(['SOURCE_GARBAGE', 2])
      const none = await failureOf(source({ layer: 'site-*.rpm' }).resolve('1.0.0', calm))
      expect([none.code, none.details.join()]).toEqual([
        'ARTIFACT_MISSING',
        expect.stringMatching(/SHA256SUMS/),
      ])
    })

    test('of another type is refused', async () => {
      oci.publish('1.0.0', 'one')
      expect((await source({ artifactType: 'application/x-app' }).resolve('1.0.0', calm)).version).toBe(
        '1.0.0',
      )
      const error = await failureOf(source({ artifactType: 'application/x-other' }).resolve('1.0.0', calm))
      expect(error.message).toMatch(
        /is an artifact of type application\/x-app, not of type application\/x-other/,
      )
    })

    test('may be a web page, if it is called one', async () => {
      oci.publish('1.0.0', '', { layers: [layerOf('<!doctype html>', 'index.html')] })
      expect(await fetchInto(await source().resolve('1.0.0', calm))).toBe('<!doctype html>')
    })

    test.each([
      ['../../etc/passwd', 'passwd'],
      ['a/b.tar.gz', 'b.tar.gz'],
      ['..', 'app-1.0.0'],
    ])('takes its name from the title %s, without folders', async (title, name) => {
      oci.publish('1.0.0', '', { layers: [layerOf('x', title)] })
      expect((await source().resolve('1.0.0', calm)).artifact.name).toBe(name)
    })
  })

  describe('an index', () => {
    const entry = (digest: string, platform?: object, parts: object = {}) => ({
      mediaType: manifestType,
      digest,
      size: 1,
      ...(platform === undefined ? {} : { platform }),
      ...parts,
    })

    test('is resolved for the platform; attestations are none', async () => {
      const [amd, arm] = [image({ annotations: { a: 'amd' } }), image({ annotations: { a: 'arm' } })]
      const manifests = [
        entry(image({ annotations: { a: 'proof' } }).digest, { os: 'unknown', architecture: 'unknown' }),
        entry(amd.digest, { os: 'linux', architecture: 'amd64' }),
        entry(arm.digest, { os: 'linux', architecture: 'arm', variant: 'v6' }),
      ]
      oci.manifest('1.0.0', { mediaType: indexType, manifests })
      expect((await source({ platform: 'linux/amd64' }).resolve('1.0.0', calm)).digest).toBe(amd.digest)
      expect((await source({ platform: 'linux/arm/v7' }).resolve('1.0.0', calm)).digest).toBe(arm.digest)
      const error = await failureOf(source({ platform: 'linux/s390x' }).resolve('1.0.0', calm))
      expect([error.code, error.message]).toEqual([
        'ARTIFACT_MISSING',
        expect.stringMatching(/:1\.0\.0 was not built for linux\/s390x/),
      ])
      expect(error.details).toEqual(['there is: linux/amd64, linux/arm/v6'])
    })

    test('with another platform more is the same release', async () => {
      const amd = entry(image({}).digest, { os: 'linux', architecture: 'amd64' })
      oci.manifest('1.0.0', { mediaType: indexType, manifests: [amd] })
      const before = await source({ platform: 'linux/amd64' }).resolve('1.0.0', calm)
      const arm = entry(image({ annotations: {} }).digest, { os: 'linux', architecture: 'arm64' })
      oci.manifest('1.0.0', { mediaType: indexType, manifests: [amd, arm] })
      expect(await source({ platform: 'linux/amd64' }).resolve('1.0.0', calm)).toEqual(before)
    })

    test('in an index is followed, but not for ever', async () => {
      let { digest } = image({})
      const nest = () =>
        ({ digest } = oci.manifest('1.0.0', { mediaType: indexType, manifests: [entry(digest)] }))
      nest()
      nest()
      expect((await source().resolve('1.0.0', calm)).version).toBe('1.0.0')
      for (let depth = 0; depth < 5; depth++) nest()
      expect((await failureOf(source().resolve('1.0.0', calm))).message).toMatch(/index of indexes/)
    })
  })

  describe('companions', () => {
    test('are files beside the release, and files of what refers to it', async () => {
      const layers = [layerOf('site', 'site.tar.gz'), layerOf('sums', 'SHA256SUMS-1.0.0')]
      const { digest } = oci.publish('1.0.0', '', { layers })
      const one = source({ layer: 'site.tar.gz' })
      const release = await one.resolve('1.0.0', calm)
      const companion = async (name: string) => {
        const bytes = await one.companion?.(release, name, calm)
        return bytes == null ? null : Buffer.from(bytes).toString()
      }
      expect(await companion('SHA256SUMS-{version}')).toBe('sums')
      expect(await companion('site.minisig')).toBeNull()
      const signature = oci.publish('x', '', { layers: [layerOf('signed', 'site.minisig')] })
      const index = {
        mediaType: indexType,
        manifests: [{ mediaType: manifestType, digest: signature.digest }],
      }
      oci.manifest(digest.replace(':', '-'), index)
      expect(await companion('site.minisig')).toBe('signed')
      oci.server.serve(
        `${oci.base}/referrers/${digest}`,
        JSON.stringify({ schemaVersion: 2, ...index, manifests: [] }),
      )
      expect(await companion('site.minisig')).toBeNull()
    })
  })

  describe('requests', () => {
    test('100 idle polls of a tag are 100 HEAD requests and nothing else', async () => {
      oci.publish('stable', 'one')
      const one = source({ tag: 'stable' })
      await one.resolve('stable', calm)
      oci.server.asked.splice(0)
      for (let poll = 0; poll < 100; poll++) {
        bench.pass(10_000)
        await one.versions(calm)
        await one.resolve('stable', calm)
      }
      expect(new Set(oci.asked())).toEqual(new Set(['HEAD /manifests/stable']))
      expect(oci.asked()).toHaveLength(100)
    })

    test('100 idle polls of versions are 100 conditional requests; what a tag names is asked by HEAD', async () => {
      oci.publish('1.0.0', 'one')
      const one = source()
      await one.versions(calm)
      await one.resolve('1.0.0', calm)
      oci.server.asked.splice(0)
      for (let poll = 0; poll < 100; poll++) {
        bench.pass(10_000)
        await one.versions(calm)
      }
      expect(oci.server.asked.map(({ status }) => status)).toEqual(Array(100).fill(304))
      await one.resolve('1.0.0', calm)
      expect(oci.asked().slice(100)).toEqual(['HEAD /manifests/1.0.0'])
    })

    test('the date of a list is its validator where it has no other', async () => {
      oci.hasEtags = false
      oci.publish('1.0.0', 'one')
      const one = source()
      await one.versions(calm)
      await one.versions(calm)
      expect(oci.server.asked[1]?.headers['if-modified-since']).toMatch(/ GMT$/)
    })

    test('an outage of five minutes at a poll every ten seconds is asked at most eight times', async () => {
      oci.publish('1.0.0', 'one')
      const one = source()
      await one.versions(calm)
      oci.server.asked.splice(0)
      oci.server.breakWith(answers.status(503))
      for (let poll = 0; poll < 30; poll++) {
        await failureOf(one.versions(calm))
        bench.pass(10_000)
      }
      expect(oci.asked().length).toBeLessThanOrEqual(8)
    })

    test('a digest that the registry does not say is that of the document', async () => {
      const { digest } = oci.publish('1.0.0', 'one')
      const text = await (await fetch(`${oci.server.origin}${oci.base}/manifests/1.0.0`)).text()
      oci.server.serve(`${oci.base}/manifests/1.0.0`, text)
      expect((await source().resolve('1.0.0', calm)).artifact.location).toBe(`${oci.image}@${digest}`)
    })
  })

  describe('logging in', () => {
    /** Lets in who has the token that `/token` gives to those with the right password. */
    const behindTokens = (lifetimeS?: number) => {
      const given: string[] = []
      const challenge = `Bearer realm="${oci.server.origin}/token",service="s",scope="repository:acme/app:pull"`
      const routes = new Map<string, string>([['/tags/list?n=1000', '{"tags":["1.0.0"]}']])
      oci.server.breakWith((request, response) => {
        if (request.url?.startsWith('/token') === true) {
          const expected = `Basic ${Buffer.from('deployer:open sesame').toString('base64')}`
          if (request.headers.authorization !== expected)
            return void response.writeHead(401).end('{"details":"no"}')
          given.push(`token${given.length}`)
          return void response.end(JSON.stringify({ access_token: given.at(-1), expires_in: lifetimeS }))
        }
        if (given.length === 0 || request.headers.authorization !== `Bearer ${given.at(-1)}`) {
          return void response.writeHead(401, { 'www-authenticate': challenge }).end()
        }
        response.end(routes.get(request.url?.replace(oci.base, '') ?? ''))
      })
      return given
    }
    const login = { username: 'deployer', password: '${secret.PASSWORD}' }
    const asked = () => oci.server.asked.map(({ path: at, status }) => `${at.split(/[?]/)[0]} ${status}`)

    test('a token is asked for once, renewed before it runs out, and after it was taken back', async () => {
      const given = behindTokens(100)
      const one = source(login)
      const list = `${oci.base}/tags/list`
      await one.versions(calm)
      await one.versions(calm)
      expect(asked()).toEqual([`${list} 401`, '/token 200', `${list} 200`, `${list} 200`])
      expect(oci.server.asked[1]?.path).toBe('/token?service=s&scope=repository%3Aacme%2Fapp%3Apull')
      bench.pass(95_000)
      await one.versions(calm)
      expect(asked().slice(4)).toEqual(['/token 200', `${list} 200`])
      given.push('another')
      await one.versions(calm)
      expect(asked().slice(6)).toEqual([`${list} 401`, '/token 200', `${list} 200`])
    })

    test.each([
      [
        'a wrong password',
        { username: 'deployer', password: 'wrong' },
        /does not accept the login of deployer \(from deploy.yaml\)/,
      ],
      ['none at all', {}, /gives no token without a login|wants credentials/],
      [
        'a token that the registry does not take',
        { token: 'x' },
        /does not let the login from deploy.yaml read/,
      ],
    ])('with %s is refused in words', async (_title, options, message) => {
      behindTokens()
      const error = await failureOf(source(options).versions(calm))
      expect([error.code, error.message]).toEqual(['SOURCE_DENIED', expect.stringMatching(message)])
      expect(error.hint).toMatch(/.{10}/)
      expect(JSON.stringify([error.message, error.details])).not.toMatch(/wrong|sesame/)
    })

    test('nothing is shown before the registry asks for it', async () => {
      oci.publish('1.0.0', 'one')
      await source(login).versions(calm)
      expect(oci.server.asked[0]?.headers.authorization).toBeUndefined()
    })

    test('a place for tokens that is no address, or says nothing sensible, is refused', async () => {
      const challenge = (realm: string) =>
        oci.server.breakWith(answers.status(401, '', { 'www-authenticate': `Bearer realm="${realm}"` }))
      challenge('ftp://elsewhere')
      expect((await failureOf(source(login).versions(calm))).message).toMatch(/sends us to ftp:/)
      oci.server.breakWith((request, response) => {
        if (request.url?.startsWith('/token') === true) return void response.end('<html>')
        response.writeHead(401, { 'www-authenticate': `Bearer realm="${oci.server.origin}/token"` }).end()
      })
      expect((await failureOf(source(login).versions(calm))).message).toMatch(/did not answer with a token/)
    })
  })
})
