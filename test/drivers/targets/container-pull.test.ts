/** Images that an engine pulls from real registries: by digest, through an index, logged in; and what goes wrong. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { imageOf, parseReference, showReference } from '../../../src/drivers/targets/container/image.js'
import type { Release } from '../../../src/model/release.js'
import { appImage, pushImage, pushIndex } from '../../support/containers/app-image.js'
import { callEngine } from '../../support/containers/engine-api.js'
import {
  engineBench,
  plainRelease,
  type EngineBench,
  type Options,
} from '../../support/containers/engine-bench.js'
import { uniqueName } from '../../support/containers/engine.js'
import { describeWith } from '../../support/needs.js'
import { registries, type Registries } from '../../support/oci-pusher.js'

const obtain = () => Promise.reject(new Error('an engine pulls by itself'))
const digest = `sha256:${'a'.repeat(64)}`

/** As the oci source pins an image: its digest is that of the platform's manifest, which the location names. */
function pinned(registry: string, repository: string, manifest: string, version = '1.0.0'): Release {
  const location = `${registry}/${repository}@${manifest}`
  const artifact = { kind: 'archive', name: `app-${version}`, location } as const
  return { source: 'web', version, digest: manifest, artifact }
}

describe('which image a release is', () => {
  test.each([
    ['nginx', 'docker.io/library/nginx:latest'],
    ['acme/app:1.0', 'docker.io/acme/app:1.0'],
    ['localhost:5000/app', 'localhost:5000/app:latest'],
    ['ghcr.io/acme/app:v1', 'ghcr.io/acme/app:v1'],
    [`ghcr.io/acme/app@${digest}`, `ghcr.io/acme/app@${digest}`],
    [`ghcr.io/acme/app:v1@${digest}`, `ghcr.io/acme/app@${digest}`],
  ])('%s is %s', (text, shown) => {
    expect(showReference(parseReference(text))).toBe(shown)
  })

  test('the source’s image by its digest, unless deploy.yaml names one', () => {
    const release = pinned('ghcr.io', 'acme/app', digest)
    expect(showReference(imageOf(null, release))).toBe(`ghcr.io/acme/app@${digest}`)
    expect(showReference(imageOf('other:2', release))).toBe('docker.io/library/other:2')
  })

  test('a release that is a file is refused', () => {
    expect(() => imageOf(null, plainRelease('1.0.0'))).toThrow(/web 1\.0\.0 is no image/)
    const artifact = { ...pinned('ghcr.io', 'acme/site', digest), digest: `sha256:${'b'.repeat(64)}` }
    expect(() => imageOf(null, artifact)).toThrow(/is no image/)
  })
})

describeWith('docker-engine', 'pulling', () => {
  describeWith('docker-registry', 'from a registry', () => {
    let bench: EngineBench
    let there: Registries
    let repository: string
    beforeEach(async () => {
      bench = await engineBench()
      there = registries()
      repository = uniqueName(bench.engine, 'pulled')
    })
    afterEach(() => bench.end())

    const image = (version: string, architecture?: string) =>
      appImage(bench.engine, {
        version,
        labels: { of: repository },
        ...(architecture === undefined ? {} : { architecture }),
      })
    const stage = (release: Release, options: Options = {}, ports = {}) =>
      bench.target(options, ports).stage(bench.instance(release, null, options), obtain, bench.context)
    const staged = async () =>
      (await bench.target().inspect({ active: [], previous: [] }, bench.context.signal)).staged

    /** What a push needs: the password itself, or a token for it. */
    async function authorization(registry: string, named: string): Promise<string> {
      const basic = `Basic ${Buffer.from(`${there.user}:${there.password}`).toString('base64')}`
      if (registry === there.basic) return basic
      const url = `${there.realm}?service=${there.service}&scope=repository:${named}:pull,push`
      const answer = await fetch(url, { headers: { authorization: basic } })
      return `Bearer ${((await answer.json()) as { token: string }).token}`
    }

    test('by digest: it comes once, runs, and goes again without a trace', async () => {
      const { digest: manifest } = await pushImage(there.open, repository, '1.0.0', image('1.0.0'))
      const release = pinned(there.open, repository, manifest)
      await stage(release)
      expect(await staged()).toMatchObject([{ version: '1.0.0', digest: manifest, status: 'staged' }])
      await stage(release)
      const instance = bench.instance(release)
      const target = bench.target()
      await target.start?.(instance, bench.context)
      const seen = await target.inspect({ active: [instance], previous: [] }, bench.context.signal)
      expect(seen.drift).toEqual([])
      expect(seen.staged).toMatchObject([{ name: instance.name, status: 'published' }])
      await target.stop?.(instance, bench.context)
      await target.discard(instance, bench.context)
      await expect(bench.call('GET', `/images/${there.open}/${repository}@${manifest}/json`)).rejects.toThrow(
        /404/,
      )
    })

    test('what is on the engine already needs no registry', async () => {
      const { digest: manifest } = await pushImage(there.open, repository, '1.0.0', image('1.0.0'))
      const release = pinned(there.open, repository, manifest)
      await stage(release)
      await stage(release, { env: { A: 'b' }, pull: 'never' })
      expect(await staged()).toHaveLength(2)
    })

    test('a digest that was pulled by its index as well is no update and no change', async () => {
      const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64'
      const index = await pushIndex(there.open, repository, '1.0.0', [
        image('1.0.0', 'amd64'),
        image('1.0.0', 'arm64'),
      ])
      const { digest: manifest } = await pushImage(
        there.open,
        repository,
        `one`,
        image('1.0.0', architecture),
      )
      const pull = `/images/create?fromImage=${there.open}/${repository}&tag=${index.digest}`
      await callEngine(bench.engine.socket, 'POST', pull)
      const release = pinned(there.open, repository, manifest)
      const instance = bench.instance(release)
      const target = bench.target()
      await stage(release)
      await target.start?.(instance, bench.context)
      const { Id } = await bench.container(instance.name)
      await stage(release)
      await target.start?.(instance, bench.context)
      expect((await bench.container(instance.name)).Id).toBe(Id)
      expect(
        (await target.inspect({ active: [instance], previous: [] }, bench.context.signal)).drift,
      ).toEqual([])
    })

    test('a login from deploy.yaml, or from Docker’s own configuration, opens a registry', async () => {
      const { user, password } = there
      for (const [index, registry] of [there.basic, there.token].entries()) {
        const named = `${repository}-${index}`
        const { digest: manifest } = await pushImage(registry, named, '1', image('1.0.0'), () =>
          authorization(registry, named),
        )
        const release = pinned(registry, named, manifest)
        const folder = join(bench.ports.projectDirectory, 'docker')
        await mkdir(folder, { recursive: true })
        await writeFile(join(folder, 'config.json'), '{}')
        const env = { ...bench.ports.env, DOCKER_CONFIG: folder }
        await expect(stage(release, {}, { env })).rejects.toMatchObject({ code: 'SOURCE_DENIED' })
        const wrong = { login: { username: user, password: 'wrong' } }
        await expect(stage(release, wrong, { env })).rejects.toMatchObject({ code: 'SOURCE_DENIED' })
        await stage(release, { login: { username: user, password } }, { env })
        await bench
          .target()
          .discard(bench.instance(release, null, { login: { username: user, password } }), bench.context)
        const auth = Buffer.from(`${user}:${password}`).toString('base64')
        await writeFile(join(folder, 'config.json'), JSON.stringify({ auths: { [registry]: { auth } } }))
        await stage(release, {}, { env })
      }
    })

    test('a tag that is followed is asked for again only when told to', async () => {
      const named = `${there.open}/${repository}:stable`
      await pushImage(there.open, repository, 'stable', image('1.0.0'))
      await stage(plainRelease('1'), { image: named })
      await pushImage(there.open, repository, 'stable', image('1.0.1'))
      await stage(plainRelease('2'), { image: named })
      await stage(plainRelease('3'), { image: named, pull: 'always' })
      const idOf = async (version: string, options: Options) => {
        const { name } = bench.instance(plainRelease(version), null, options)
        const path = `/images/deployctl/${bench.scope.project}-test-web:${name}/json`
        return ((await bench.call('GET', path)) as { Id: string }).Id
      }
      const [one, two] = [await idOf('1', { image: named }), await idOf('2', { image: named })]
      expect([one, two]).toEqual([image('1.0.0').id, image('1.0.0').id])
      expect(await idOf('3', { image: named, pull: 'always' })).toBe(image('1.0.1').id)
    })

    test('what cannot be had is an error that says why', async () => {
      const missing = stage(pinned(there.open, repository, digest))
      await expect(missing).rejects.toMatchObject({
        code: 'ARTIFACT_MISSING',
        message: expect.stringContaining(digest) as string,
      })
      const unreachable = stage(plainRelease('1'), { image: '127.0.0.1:1/app:1' })
      await expect(unreachable).rejects.toMatchObject({
        code: 'SOURCE_UNREACHABLE',
        details: [expect.stringContaining('connection refused')],
      })
      const never = stage(plainRelease('1'), { image: `${repository}:none`, pull: 'never' })
      await expect(never).rejects.toMatchObject({
        code: 'ARTIFACT_MISSING',
        message: expect.stringContaining('pull: is never') as string,
      })
      expect(await staged()).toEqual([])
    })
  })
})
