/** The oci source at Docker's own registry: what it lists, who it lets in, and what is deployed from it. */
import { execFileSync } from 'node:child_process'
import { chmod, mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createArtifacts } from '../../../../src/drivers/artifacts/artifact-cache.js'
import { ociSource } from '../../../../src/drivers/sources/oci/oci-source.js'
import { directoryDriver } from '../../../../src/drivers/targets/directory.js'
import type { Release } from '../../../../src/model/release.js'
import type { Source } from '../../../../src/model/source.js'
import { failureOf, sourceContract } from '../../../contract/source.contract.js'
import { describeWith } from '../../../support/needs.js'
import { digestOfContent, ociPusher, registries } from '../../../support/oci-pusher.js'
import { answers, startLoopbackServer, type Handler, type LoopbackServer } from '../loopback-server.js'
import { beginBench, calm, type SourceBench } from '../source-bench.js'
import { shareOf, testScope } from '../../../support/shares.js'

/** A repository of its own for every test. */
let repositories = 0
const newRepository = (folder = 'tests') => `${folder}/app-${process.pid}-${++repositories}`

/** In front of the registry, to count what is asked and to break what is answered. */
async function proxyTo(registry: string): Promise<LoopbackServer> {
  const proxy = await startLoopbackServer()
  const pass = async (...[request, response]: Parameters<Handler>): Promise<void> => {
    const { host: _host, connection: _connection, ...headers } = request.headers
    const asked = { method: request.method ?? 'GET', headers: headers as Record<string, string> } // none comes twice here
    const answer = await fetch(`http://${registry}${request.url ?? ''}`, asked)
    const told = [...answer.headers].filter(([name]) => !['connection', 'transfer-encoding'].includes(name))
    response.writeHead(answer.status, Object.fromEntries(told)).end(Buffer.from(await answer.arrayBuffer()))
  }
  proxy.serve('*', (request, response) => void pass(request, response).catch(() => response.destroy()))
  return proxy
}

describeWith('docker-registry', 'the contract', () => {
  sourceContract("oci, at Docker's registry", async () => {
    const bench = await beginBench()
    const { open } = registries()
    const repository = newRepository()
    const pusher = ociPusher(open, repository)
    const proxy = await proxyTo(open)
    await pusher.artifact(`sha256-${'a'.repeat(64)}.sig`, [
      { content: 'a repository is there once something is in it' },
    ])
    const contents = new Map<string, string>()
    const broken = (handler: Handler) => async () => proxy.breakWith(handler)
    const image = `${proxy.origin.replace('http://', '')}/${repository}`
    return {
      scratch: bench.folder,
      source: () => ociSource.create('app', { type: 'oci', image }, bench.ports),
      publish: async (version, content) => {
        contents.set(version, content)
        await pusher.artifact(`v${version}`, [{ content, title: `app-${version}.txt` }])
      },
      later: () => bench.pass(60_000),
      bytesOf: async (version) => Buffer.from(contents.get(version) ?? ''),
      troubles: {
        SOURCE_NOT_FOUND: broken(answers.status(404)),
        SOURCE_DENIED: broken(answers.status(403)),
        SOURCE_GARBAGE: broken(answers.status(200, '')),
        SOURCE_RATE_LIMITED: broken(answers.status(429, '', { 'retry-after': '600' })),
        SOURCE_UNREACHABLE: broken(answers.cut),
      },
      end: async () => {
        await proxy.end()
        await bench.end()
      },
    }
  })
})

describeWith('docker-registry', "at Docker's registry", () => {
  let bench: SourceBench
  beforeEach(async () => {
    bench = await beginBench({ secrets: { PASSWORD: 's3cret-Passw0rd' } })
  })
  afterEach(() => bench.end())
  const source = (image: string, options: object = {}) =>
    ociSource.create('app', { type: 'oci', image, ...options }, bench.ports)

  async function deploy(one: Source, release: Release): Promise<string> {
    const artifacts = createArtifacts({
      directory: path.join(bench.ports.cacheDirectory, 'artifacts'),
      source: () => one,
      clock: bench.ports.clock,
      pid: process.pid,
    })
    const target = directoryDriver.create({ type: 'directory', path: 'srv' }, testScope, bench.ports)
    const name = `${release.version}-${release.digest.slice(-8)}`
    const instance = { service: 'app', host: 'local', name, slot: null, release, specDigest: 'sha256:00' }
    const context = {
      signal: calm,
      deployment: 'd1',
      onProgress: () => undefined,
      onLine: () => undefined,
      onChild: () => Promise.resolve(),
    }
    const obtain = () => artifacts.obtain(release, { type: 'oci' }, () => undefined, calm)
    await target.stage(instance, obtain, context)
    await target.route(shareOf(null), shareOf(instance), context)
    return path.join(bench.folder, 'srv', 'current')
  }

  async function archive(): Promise<Buffer> {
    const folder = path.join(bench.folder, 'site')
    await mkdir(path.join(folder, 'bin'), { recursive: true })
    await writeFile(path.join(folder, 'index.html'), '<h1>1.1.0</h1>')
    await writeFile(path.join(folder, 'bin', 'run'), '#!/bin/sh\n', { mode: 0o755 })
    execFileSync('tar', ['-czf', path.join(bench.folder, 'site.tgz'), '-C', folder, '.'])
    return readFile(path.join(bench.folder, 'site.tgz'))
  }

  test('an archive is deployed to a directory', async () => {
    const { open } = registries()
    const repository = newRepository()
    const content = await archive()
    const file = { content, title: 'site.tar.gz', mediaType: 'application/vnd.acme.site.tar+gzip' }
    await ociPusher(open, repository).artifact('v1.1.0', [file], {
      artifactType: 'application/vnd.acme.site',
    })
    const one = source(`${open}/${repository}`)
    expect(await one.versions(calm)).toEqual([{ version: '1.1.0' }])
    const release = await one.resolve('1.1.0', calm)
    expect(release).toMatchObject({ digest: digestOfContent(content), artifact: { name: 'site.tar.gz' } })
    const serving = await deploy(one, release)
    expect(await readFile(path.join(serving, 'index.html'), 'utf8')).toBe('<h1>1.1.0</h1>')
    expect((await stat(path.join(serving, 'bin', 'run'))).mode & 0o111).toBe(0o111)
  })

  test('a plain file is deployed under its name', async () => {
    const { open } = registries()
    const repository = newRepository()
    await ociPusher(open, repository).artifact('1.0.0', [{ content: 'key: value\n', title: 'conf/app.yaml' }])
    const one = source(`${open}/${repository}`)
    const serving = await deploy(one, await one.resolve('1.0.0', calm))
    expect(await readdir(serving)).toContain('app.yaml')
  })

  test('an index is resolved for the platform, and the layer of an image can be deployed', async () => {
    const { open } = registries()
    const repository = newRepository()
    const pusher = ociPusher(open, repository)
    const mediaType = 'application/vnd.oci.image.layer.v1.tar+gzip'
    const file = { content: await archive(), mediaType }
    const push = async (architecture: string) => ({
      ...(await pusher.artifact(architecture, [file], { image: { os: 'linux', architecture } })),
      platform: { os: 'linux', architecture },
    })
    const [amd, arm] = [await push('amd64'), await push('arm64')]
    await pusher.index('2.0.0', [amd, arm])
    const image = `${open}/${repository}`
    const release = await source(image, { platform: 'linux/arm64' }).resolve('2.0.0', calm)
    expect(release).toMatchObject({ digest: arm.digest, artifact: { location: `${image}@${arm.digest}` } })
    const error = await failureOf(source(image, { platform: 'windows/amd64' }).resolve('2.0.0', calm))
    expect(error.details).toEqual(['there is: linux/amd64, linux/arm64'])
    const one = source(image, { platform: 'linux/amd64', layer: '*' })
    const serving = await deploy(one, await one.resolve('2.0.0', calm))
    expect(await readdir(serving)).toContain('index.html')
  })

  test('a tag that is pushed again is a new release only if the file is another', async () => {
    const { open } = registries()
    const repository = newRepository()
    const pusher = ociPusher(open, repository)
    const push = (content: string, created: string) =>
      pusher.artifact('1.0.0', [{ content }], {
        annotations: { 'org.opencontainers.image.created': created },
      })
    const digest = async () => (await source(`${open}/${repository}`).resolve('1.0.0', calm)).digest
    const first = await push('one', '2026-01-01T00:00:00Z')
    const before = await digest()
    const second = await push('one', '2026-02-02T00:00:00Z')
    expect(second.digest).not.toBe(first.digest)
    expect(await digest()).toBe(before)
    await push('two', '2026-02-02T00:00:00Z')
    expect(await digest()).toBe(digestOfContent('two'))
  })

  test('100 idle polls of a tag are 100 HEAD requests and nothing else', async () => {
    const { open } = registries()
    const repository = newRepository()
    await ociPusher(open, repository).artifact('stable', [{ content: 'one' }])
    const proxy = await proxyTo(open)
    try {
      const one = source(`${proxy.origin.replace('http://', '')}/${repository}`, { tag: 'stable' })
      await one.versions(calm)
      await one.resolve('stable', calm)
      proxy.asked.splice(0)
      for (let poll = 0; poll < 100; poll++) {
        bench.pass(10_000)
        await one.versions(calm)
        await one.resolve('stable', calm)
      }
      expect(proxy.asked.map(({ method, status }) => `${method} ${status}`)).toEqual(
        Array(100).fill('HEAD 200'),
      )
    } finally {
      await proxy.end()
    }
  })

  test('what was deleted is told while resolving and while fetching', async () => {
    const { open } = registries()
    const repository = newRepository()
    const pusher = ociPusher(open, repository)
    const { digest } = await pusher.artifact('1.0.0', [{ content: 'one' }])
    await pusher.artifact('1.1.0', [{ content: 'two' }])
    const image = `${open}/${repository}`
    const release = await source(image).resolve('1.0.0', calm)
    await pusher.remove(digest)
    expect((await failureOf(source(image).resolve('1.0.0', calm))).code).toBe('VERSION_NOT_FOUND')
    const gone = { ...release, digest: digestOfContent('never pushed') }
    const context = { file: path.join(bench.folder, 'x'), onProgress: () => undefined, signal: calm }
    expect((await failureOf(source(image).fetch(gone, context))).code).toBe('ARTIFACT_MISSING')
    expect((await failureOf(source(`${open}/no/such`).versions(calm))).message).toMatch(
      /has no repository no\/such/,
    )
  })

  describe('logging in', () => {
    const kinds = ['basic', 'token'] as const
    const login = { username: 'deployer', password: '${secret.PASSWORD}' }
    const pusherOf = async (kind: (typeof kinds)[number], repository: string) => {
      const all = registries()
      const pair = `Basic ${Buffer.from(`${all.user}:${all.password}`).toString('base64')}`
      const bearer = async () => {
        const question = new URLSearchParams({
          service: all.service,
          scope: `repository:${repository}:pull,push`,
        })
        const answer = await fetch(`${all.realm}?${question.toString()}`, {
          headers: { authorization: pair },
        })
        return `Bearer ${((await answer.json()) as { token: string }).token}` // our own token server
      }
      return ociPusher(all[kind], repository, kind === 'basic' ? () => Promise.resolve(pair) : bearer)
    }
    const published = async (kind: (typeof kinds)[number], folder?: string) => {
      const repository = newRepository(folder)
      await (await pusherOf(kind, repository)).artifact('1.0.0', [{ content: 'one' }])
      return `${registries()[kind]}/${repository}`
    }
    const content = async (image: string, options: object) => {
      const one = source(image, options)
      const release = await one.resolve('1.0.0', calm)
      const file = path.join(bench.folder, 'fetched')
      await one.fetch(release, { file, onProgress: () => undefined, signal: calm })
      return readFile(file, 'utf8')
    }

    for (const kind of kinds) {
      test(`${kind}: user and password, from deploy.yaml and from Docker's file`, async () => {
        const image = await published(kind)
        expect(await content(image, login)).toBe('one')
        const wrong = await failureOf(source(image, { ...login, password: 'wrong' }).versions(calm))
        expect([wrong.code, wrong.message]).toEqual([
          'SOURCE_DENIED',
          expect.stringMatching(/login of deployer \(from deploy.yaml\)/),
        ])
        const none = await failureOf(source(image).versions(calm))
        expect([none.code, none.message]).toEqual([
          'SOURCE_DENIED',
          expect.stringMatching(/wants credentials/),
        ])
        const { user, password } = registries()
        const auth = Buffer.from(`${user}:${password}`).toString('base64')
        await mkdir(path.join(bench.folder, '.docker'))
        const config = JSON.stringify({ auths: { [registries()[kind]]: { auth } } })
        await writeFile(path.join(bench.folder, '.docker', 'config.json'), config)
        expect(await content(image, {})).toBe('one')
      })
    }

    test('token: anybody where anybody may, and an identity token of a helper', async () => {
      expect(await content(await published('token', 'public'), {})).toBe('one')
      const image = await published('token')
      const folder = path.join(bench.folder, '.docker')
      const program = path.join(folder, 'docker-credential-tiny')
      const secret = Array.from(registries().password).reverse().join('')
      await mkdir(folder)
      await writeFile(path.join(folder, 'config.json'), '{"credsStore":"tiny"}')
      await writeFile(
        program,
        `#!/bin/sh\ncat > /dev/null\necho '{"Username":"<token>","Secret":"${secret}"}'\n`,
      )
      await chmod(program, 0o755)
      const searched = process.env['PATH']
      process.env['PATH'] = `${folder}${path.delimiter}${searched ?? ''}`
      try {
        expect(await content(image, {})).toBe('one')
      } finally {
        process.env['PATH'] = searched
      }
    })
  })
})
