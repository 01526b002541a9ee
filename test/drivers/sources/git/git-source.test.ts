import { chmod, mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { gitSource } from '../../../../src/drivers/sources/git/git-source.js'
import type { Release } from '../../../../src/model/release.js'
import type { Ports } from '../../../../src/model/ports.js'
import { admits, expectGoodSchema } from '../../../contract/driver-schema.js'
import { failureOf, sourceContract, type SourceWorld } from '../../../contract/source.contract.js'
import { testWith } from '../../../support/needs.js'
import { beginBench, calm, type SourceBench } from '../source-bench.js'
import { startGitServer } from './git-server.js'
import { makeRepository, type TestRepository } from './repository.js'

async function worldOf(transport: 'file' | 'http'): Promise<SourceWorld> {
  const bench = await beginBench()
  const repository = await makeRepository(path.join(bench.folder, 'served', 'app'))
  const server = transport === 'http' ? await startGitServer(path.join(bench.folder, 'served')) : null
  const closed =
    transport === 'http' ? await startGitServer(path.join(bench.folder, 'served'), 'who:knows') : null
  const contents = new Map<string, string>()
  const own = server === null ? `file://${repository.folder}` : `${server.origin}/app/.git`
  let url = own
  return {
    scratch: bench.folder,
    source: () => gitSource.create('app', { type: 'git', repository: url }, bench.ports),
    publish: async (version, content) => {
      contents.set(version, content)
      await repository.publish(`v${version}`, content)
    },
    later: () => bench.pass(60_000),
    bytesOf: async (version) => Buffer.from(contents.get(version) ?? ''),
    troubles: {
      SOURCE_NOT_FOUND: () => rename(repository.folder, `${repository.folder}-away`),
      ...(closed === null
        ? {}
        : {
            SOURCE_DENIED: async () => {
              url = own.replace(server?.origin ?? '', closed.origin)
            },
            SOURCE_UNREACHABLE: async () => {
              await server?.end()
            },
          }),
    },
    end: async () => {
      await server?.end()
      await closed?.end()
      await bench.end()
    },
  }
}

describe.skipIf(process.env['TEST_SERVICE_GIT_MISSING'] !== undefined)('git', () => {
  sourceContract('git, over file', () => worldOf('file'))
  sourceContract('git, over http', () => worldOf('http'))

  let bench: SourceBench
  let repository: TestRepository
  beforeEach(async () => {
    bench = await beginBench({ secrets: { TOKEN: 'letmein' } })
    repository = await makeRepository(path.join(bench.folder, 'app'))
  })
  afterEach(() => bench.end())

  const source = (options: object = {}, ports: Ports = bench.ports) =>
    gitSource.create('app', { type: 'git', repository: `file://${repository.folder}`, ...options }, ports)
  const listed = async (options: object = {}) =>
    (await source(options).versions(calm)).map(({ version }) => version).sort()
  const fetched = async (release: Release, options: object = {}, ports: Ports = bench.ports) => {
    const context = { file: path.join(bench.folder, 'unused'), onProgress: () => undefined, signal: calm }
    return (await source(options, ports).fetch(release, context)).path
  }
  const read = (folder: string, file: string) => readFile(path.join(folder, file), 'utf8')

  test('is known by the commit, whether the tag is annotated or not', async () => {
    const commit = await repository.publish('v1.0.0', 'one')
    await repository.git('tag', '1.1.0')
    expect(await source().resolve('1.0.0', calm)).toEqual({
      source: 'app',
      version: '1.0.0',
      digest: `sha1:${commit}`,
      artifact: { kind: 'folder', name: 'app-1.0.0', location: 'v1.0.0' },
    })
    expect((await source().resolve('1.1.0', calm)).digest).toBe(`sha1:${commit}`)
  })

  test('may be a path from the folder of deploy.yaml', async () => {
    await repository.publish('v1.0.0', 'one')
    for (const relative of ['app', './app', repository.folder]) {
      const release = await source({ repository: relative }).resolve('1.0.0', calm)
      expect(await read(await fetched(release, { repository: relative }), 'content')).toBe('one')
    }
  })

  test('goes by the pattern of tags', async () => {
    for (const tag of ['v1.0.0', 'app-1.1.0', 'app/v1.2.0', 'other-1.3.0']) await repository.publish(tag, tag)
    expect(await listed()).toEqual(['1.0.0', 'app-1.1.0', 'other-1.3.0'])
    expect(await listed({ pattern: 'app-{version}' })).toEqual(['1.1.0'])
    expect(await listed({ pattern: 'app/{version}' })).toEqual(['1.2.0'])
  })

  test('refuses a version with two tags, unless both are at one commit', async () => {
    await repository.publish('v1.0.0', 'one')
    await repository.git('tag', '1.0.0')
    expect(await listed()).toEqual(['1.0.0'])
    expect((await source().resolve('1.0.0', calm)).version).toBe('1.0.0')
    await repository.publish('1.0.0', 'two')
    const error = await failureOf(source().resolve('1.0.0', calm))
    expect([error.code, error.details.length]).toEqual(['SOURCE_GARBAGE', 2])
  })

  test('is files only: without .git, with modes and links', async () => {
    await writeFile(path.join(repository.folder, 'run'), '#!/bin/sh\n')
    await chmod(path.join(repository.folder, 'run'), 0o755)
    await repository.publish('v1.0.0', 'one')
    const folder = await fetched(await source().resolve('1.0.0', calm))
    expect((await readdir(folder)).sort()).toEqual(['content', 'run'])
    expect((await stat(path.join(folder, 'run'))).mode & 0o111).not.toBe(0)
    expect((await stat(folder)).mode & 0o777).toBe(0o755)
  })

  test('is checked out once, and again when somebody changed it', async () => {
    await repository.publish('v1.0.0', 'one')
    const release = await source().resolve('1.0.0', calm)
    const folder = await fetched(release)
    const first = (await stat(folder)).ino
    expect((await stat(await fetched(release))).ino).toBe(first)
    await writeFile(path.join(folder, 'content'), 'tampered')
    expect(await read(await fetched(release), 'content')).toBe('one')
    await rm(`${folder}.digest`)
    expect(await read(await fetched(release), 'content')).toBe('one')
    expect((await readdir(path.dirname(folder))).filter((name) => name.startsWith('.'))).toEqual([])
  })

  test('two at once get the same whole folder', async () => {
    await repository.publish('v1.0.0', 'one')
    const release = await source().resolve('1.0.0', calm)
    const folders = await Promise.all([fetched(release), fetched(release), fetched(release)])
    expect(new Set(folders).size).toBe(1)
    expect(await read(folders[0], 'content')).toBe('one')
  })

  test('comes by its commit when the tag has moved on, and says so when that is gone', async () => {
    await repository.publish('v1.0.0', 'one')
    const release = await source().resolve('1.0.0', calm)
    await repository.publish('v1.0.0', 'two')
    expect(await read(await fetched(release), 'content')).toBe('one')
    const other = await makeRepository(path.join(bench.folder, 'other'))
    await other.publish('v1.0.0', 'three')
    const moved = { repository: `file://${other.folder}` }
    const error = await failureOf(fetched(release, moved))
    expect([error.code, error.message]).toEqual([
      'ARTIFACT_MISSING',
      expect.stringContaining('the tag v1.0.0 is now at'),
    ])
    await other.git('tag', '--delete', 'v1.0.0')
    expect((await failureOf(fetched(release, moved))).message).toContain('the tag v1.0.0 is gone')
  })

  test('has its history only when that is asked for', async () => {
    await repository.publish('v1.0.0', 'one')
    await repository.publish('v1.1.0', 'two')
    const build = [['sh', '-c', 'git rev-list --count HEAD > count']]
    const release = await source().resolve('1.1.0', calm)
    expect(await read(await fetched(release, { build }), 'count')).toBe('1\n')
    await rm(path.join(bench.ports.cacheDirectory, 'git'), { recursive: true })
    expect(await read(await fetched(release, { build, shallow: false }), 'count')).toBe('2\n')
  })

  test('brings submodules when asked, without a trace of git', async () => {
    const library = await makeRepository(path.join(bench.folder, 'library'))
    await library.publish('v9.0.0', 'from the library')
    await repository.git(
      '-c',
      'protocol.file.allow=always',
      'submodule',
      'add',
      '--quiet',
      `file://${library.folder}`,
      'lib',
    )
    await repository.publish('v1.0.0', 'one')
    const release = await source().resolve('1.0.0', calm)
    expect(await readdir(path.join(await fetched(release), 'lib'))).toEqual([])
    const refused = await failureOf(fetched(release, { submodules: true }))
    expect([refused.code, refused.message]).toEqual(['SOURCE_DENIED', expect.stringContaining('protocol')])
    const shell: Ports['shell'] = {
      ...bench.ports.shell,
      run: (request, signal) =>
        bench.ports.shell.run({ ...request, env: { ...request.env, GIT_ALLOW_PROTOCOL: 'file' } }, signal),
    }
    const folder = await fetched(release, { submodules: true }, { ...bench.ports, shell })
    expect(await readdir(path.join(folder, 'lib'))).toEqual(['content'])
  })

  describe('build', () => {
    beforeEach(() => repository.publish('v1.0.0', 'one'))

    test('makes the release out of the checkout, and knows what it builds', async () => {
      const release = await source().resolve('1.0.0', calm)
      const build = [
        ['mkdir', 'out'],
        ['sh', '-c', 'echo "$DEPLOYCTL_VERSION $DEPLOYCTL_COMMIT" > out/version'],
      ]
      const folder = await fetched(release, { build })
      expect(await read(folder, 'out/version')).toBe(`1.0.0 ${release.digest.slice(5)}\n`)
      expect(await fetched(release)).not.toBe(folder)
    })

    test.each([
      ['COMMAND_FAILED', [['sh', '-c', 'echo it broke; exit 3']], /"sh -c .*" of v1\.0\.0 exited with 3/],
      ['COMMAND_NOT_FOUND', [['no-such-program-here']], /no-such-program-here/],
      ['TIMEOUT', [['sleep', '60']], /did not finish within 200ms/],
    ])('that ends in %s leaves nothing behind', async (code, build, message) => {
      const release = await source().resolve('1.0.0', calm)
      const error = await failureOf(fetched(release, { build, buildTimeout: '200ms' }))
      expect([error.code, error.message]).toEqual([code, expect.stringMatching(message)])
      if (code === 'COMMAND_FAILED') expect(error.details).toEqual(['it broke'])
      expect(await readdir(path.join(bench.ports.cacheDirectory, 'git'))).toEqual([])
    })

    test('is ended when the deployment is cancelled', async () => {
      const release = await source().resolve('1.0.0', calm)
      const cancel = new AbortController()
      const onProgress = ({ label }: { label: string }) => {
        if (label.startsWith('building')) cancel.abort()
      }
      const context = { file: path.join(bench.folder, 'unused'), onProgress, signal: cancel.signal }
      const error = await failureOf(source({ build: [['sleep', '60']] }).fetch(release, context))
      expect(error.code).toBe('CANCELLED')
      expect(await readdir(path.join(bench.ports.cacheDirectory, 'git'))).toEqual([])
    })
  })

  test('logs in with a token that is in no argument and no message', async () => {
    await repository.publish('v1.0.0', 'one')
    const server = await startGitServer(bench.folder, 'git:letmein')
    const seen: string[] = []
    const shell: Ports['shell'] = {
      ...bench.ports.shell,
      run: (request, signal) => {
        seen.push(JSON.stringify(request.command))
        return bench.ports.shell.run(request, signal)
      },
    }
    try {
      const options = { repository: `${server.origin}/app/.git`, token: '${secret.TOKEN}' }
      const ports = { ...bench.ports, shell }
      const release = await source(options, ports).resolve('1.0.0', calm)
      expect(await read(await fetched(release, options, ports), 'content')).toBe('one')
      expect(seen.length).toBeGreaterThan(3)
      for (const secret of ['letmein', Buffer.from('git:letmein').toString('base64')]) {
        expect(seen.join()).not.toContain(secret)
      }
      const wrong = await failureOf(source({ ...options, user: 'other' }, ports).versions(calm))
      expect([wrong.code, wrong.message + wrong.details.join()]).toEqual([
        'SOURCE_DENIED',
        expect.not.stringContaining('letmein'),
      ])
    } finally {
      await server.end()
    }
  })

  test('an outage is not made worse: a server that failed is left alone for a while', async () => {
    await repository.publish('v1.0.0', 'one')
    const server = await startGitServer(bench.folder)
    try {
      const polled = source({ repository: `${server.origin}/app/.git` })
      expect(await polled.versions(calm)).toEqual([{ version: '1.0.0' }])
      let asked = 0
      server.breakWith((_request, response) => {
        asked++
        response.writeHead(503).end()
      })
      for (let polls = 0; polls < 30; polls++) {
        expect((await failureOf(polled.versions(calm))).code).toBe('SOURCE_UNREACHABLE')
        bench.pass(10_000)
      }
      expect(asked).toBeGreaterThan(0)
      expect(asked).toBeLessThanOrEqual(8)
      server.breakWith(null)
      bench.pass(300_000)
      expect(await polled.versions(calm)).toEqual([{ version: '1.0.0' }])
    } finally {
      await server.end()
    }
  })

  describe('failures', () => {
    /** A git that says what a server somewhere would have made it say. */
    const sayingGit = (text: string, exitCode = 128): Ports => ({
      ...bench.ports,
      shell: {
        ...bench.ports.shell,
        run: async () => ({
          exitCode,
          signal: null,
          ended: 'exit',
          lastLines: text.split('\n'),
          stdout: '',
          durationMs: 1,
        }),
      },
    })

    test.each([
      [
        'SOURCE_DENIED',
        /host key/,
        'Host key verification failed.\nfatal: Could not read from remote repository.',
      ],
      [
        'SOURCE_DENIED',
        /let us in/,
        'Received disconnect from 192.0.2.1 port 22:2: Too many authentication failures\nfatal: Could not read from remote repository.',
      ],
      [
        'SOURCE_DENIED',
        /no git for us/,
        'bash: line 1: git-upload-pack: command not found\nfatal: Could not read from remote repository.',
      ],
      [
        'COMMAND_NOT_FOUND',
        /another program/,
        'my-ssh -p 22: 1: my-ssh: not found\nfatal: Could not read from remote repository.',
      ],
      [
        'SOURCE_NOT_FOUND',
        /no repository/,
        "remote: ERROR: The project you were looking for could not be found or you don't have permission to view it.\nfatal: Could not read from remote repository.",
      ],
      [
        'SOURCE_NOT_FOUND',
        /no repository/,
        'repository does not exist.\nfatal: Could not read from remote repository.',
      ],
      [
        'SOURCE_NOT_FOUND',
        /no repository/,
        "fatal: '/srv/tls-certificates.git' does not appear to be a git repository",
      ],
      ['ARTIFACT_MISSING', /does not have it/, "fatal: couldn't find remote ref refs/tags/tls-1.0.0"],
      [
        'SOURCE_UNREACHABLE',
        /cannot be reached/,
        'kex_exchange_identification: Connection closed by remote host\nConnection closed by 192.0.2.1 port 22\nfatal: Could not read from remote repository.',
      ],
      [
        'SOURCE_DENIED',
        /let us in/,
        'git@h: Permission denied (publickey).\nfatal: Could not read from remote repository.',
      ],
      [
        'SOURCE_DENIED',
        /let us in/,
        "fatal: could not read Username for 'https://h': terminal prompts disabled",
      ],
      [
        'SOURCE_DENIED',
        /let us in/,
        "remote: Invalid username or token.\nfatal: Authentication failed for 'https://h/'",
      ],
      [
        'SOURCE_DENIED',
        /let us in/,
        "fatal: unable to access 'https://h/': The requested URL returned error: 403",
      ],
      ['SOURCE_DENIED', /another user owns/, "fatal: detected dubious ownership in repository at '/r'"],
      [
        'SOURCE_NOT_FOUND',
        /no repository/,
        "remote: Repository not found.\nfatal: repository 'https://h/r/' not found",
      ],
      ['SOURCE_NOT_FOUND', /no repository/, "fatal: '/r' does not appear to be a git repository"],
      [
        'SOURCE_NOT_FOUND',
        /no repository/,
        'fatal: https://h/info/refs not valid: is this a git repository?',
      ],
      [
        'SOURCE_UNREACHABLE',
        /cannot be reached/,
        "fatal: unable to access 'https://h/': Could not resolve host: h",
      ],
      ['SOURCE_UNREACHABLE', /cannot be reached/, 'ssh: connect to host h port 22: Connection refused'],
      [
        'SOURCE_UNREACHABLE',
        /cannot be reached/,
        "fatal: unable to access 'https://h/': server certificate verification failed.",
      ],
      [
        'SOURCE_UNREACHABLE',
        /cannot be reached/,
        "fatal: unable to access 'https://h/': The requested URL returned error: 502",
      ],
      [
        'SOURCE_RATE_LIMITED',
        /too often/,
        "fatal: unable to access 'https://h/': The requested URL returned error: 429",
      ],
      ['COMMAND_FAILED', /exited with 128/, 'fatal: something new'],
    ])('%s: %s', async (code, message, text) => {
      const error = await failureOf(
        source({ repository: 'https://me:hush@h/r' }, sayingGit(text)).versions(calm),
      )
      expect([error.code, error.message]).toEqual([code, expect.stringMatching(message)])
      expect(error.message).toMatch(/^source "app": listing the tags of https:\/\/h\/r failed: /)
      expect(error.details).toEqual(text.split('\n').map((line) => `git: ${line}`))
    })

    test('a machine without git is told so', async () => {
      const shell: Ports['shell'] = {
        ...bench.ports.shell,
        run: (request, signal) =>
          bench.ports.shell.run({ ...request, env: { ...request.env, PATH: '/nowhere' } }, signal),
      }
      const error = await failureOf(source({}, { ...bench.ports, shell }).versions(calm))
      expect([error.code, error.message]).toEqual([
        'COMMAND_NOT_FOUND',
        expect.stringContaining('git is needed'),
      ])
    })
  })

  test('takes repositories whose commits are SHA-256', async () => {
    await mkdir(path.join(bench.folder, 'modern'))
    const modern = await makeRepository(path.join(bench.folder, 'modern'), '--object-format=sha256')
    const commit = await modern.publish('v1.0.0', 'one')
    const options = { repository: `file://${modern.folder}` }
    const release = await source(options).resolve('1.0.0', calm)
    expect(release.digest).toBe(`git-sha256:${commit}`)
    expect(await read(await fetched(release, options), 'content')).toBe('one')
  })
})

test('its options are described', () => expectGoodSchema('git', gitSource.schema))

test.each([
  ['https://h/r.git', true],
  ['git@h:r.git', true],
  ['ssh://git@h:22/r', true],
  ['../r', true],
  ['--upload-pack=touch /tmp/x', false],
  ['ext::sh -c touch% /tmp/x', false],
])('the address %s is admitted: %s', (repository, expected) => {
  expect(admits(gitSource.schema, { type: 'git', repository })).toBe(expected)
})

testWith('git')('git is there to be tested with', () => undefined)
