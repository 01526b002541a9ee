/** The git source over real ssh: OpenSSH's client and server, each with keys of its own. */
import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { gitSource } from '../../../../src/drivers/sources/git/git-source.js'
import type { Ports } from '../../../../src/model/ports.js'
import { failureOf, sourceContract, type SourceWorld } from '../../../contract/source.contract.js'
import { freePort } from '../../../contract/loopback.js'
import { addressOf, describeWith } from '../../../support/needs.js'
import { beginBench, calm, type SourceBench } from '../source-bench.js'
import { makeRepository, type TestRepository } from './repository.js'

const execute = promisify(execFile)

interface Sshd {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly userKey: string
  readonly hostKey: string
}

/** What somebody's ~/.ssh holds; a test spoils it. */
interface SshSettings {
  program: string
  key: string
  knownHosts: string
  strict?: 'yes'
}

interface SshBench {
  readonly bench: SourceBench
  readonly repository: TestRepository
  readonly server: Sshd
  readonly settings: SshSettings
  readonly ports: Ports
  readonly address: (folder?: string, port?: number) => string
  readonly newKey: (name: string) => Promise<{ readonly file: string; readonly publicHalf: string }>
  readonly know: (hostKey: string, port?: number) => Promise<void>
}

async function beginSsh(): Promise<SshBench> {
  const server = JSON.parse(addressOf('sshd')) as Sshd
  const bench = await beginBench()
  const repository = await makeRepository(path.join(bench.folder, 'app'))
  const settings: SshSettings = {
    program: 'ssh',
    key: server.userKey,
    knownHosts: path.join(bench.folder, 'known_hosts'),
  }
  const command = (): string =>
    [
      `${settings.program} -F none -i ${settings.key} -o IdentitiesOnly=yes -o IdentityAgent=none`,
      `-o UserKnownHostsFile=${settings.knownHosts} -o GlobalKnownHostsFile=/dev/null`,
      settings.strict === undefined ? '' : `-o StrictHostKeyChecking=${settings.strict}`,
    ].join(' ')
  // as if it were in the environment of deployctl, which git inherits
  const shell: Ports['shell'] = {
    ...bench.ports.shell,
    run: (request, signal) =>
      bench.ports.shell.run({ ...request, env: { GIT_SSH_COMMAND: command(), ...request.env } }, signal),
  }
  const know = (hostKey: string, port = server.port): Promise<void> =>
    writeFile(settings.knownHosts, `[${server.host}]:${port} ${hostKey}\n`)
  await know(server.hostKey)
  return {
    bench,
    repository,
    server,
    settings,
    ports: { ...bench.ports, shell },
    address: (folder = repository.folder, port = server.port) =>
      `ssh://${server.user}@${server.host}:${port}${folder}`,
    know,
    async newKey(name) {
      const file = path.join(bench.folder, name)
      await execute('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', file])
      return { file, publicHalf: (await readFile(`${file}.pub`, 'utf8')).trim() }
    },
  }
}

async function world(): Promise<SourceWorld> {
  const ssh = await beginSsh()
  const contents = new Map<string, string>()
  let port = ssh.server.port
  return {
    scratch: ssh.bench.folder,
    source: () =>
      gitSource.create('app', { type: 'git', repository: ssh.address(undefined, port) }, ssh.ports),
    publish: async (version, content) => {
      contents.set(version, content)
      await ssh.repository.publish(`v${version}`, content)
    },
    later: () => ssh.bench.pass(60_000),
    bytesOf: async (version) => Buffer.from(contents.get(version) ?? ''),
    troubles: {
      SOURCE_NOT_FOUND: () => rename(ssh.repository.folder, `${ssh.repository.folder}-away`),
      SOURCE_DENIED: async () => {
        ssh.settings.key = (await ssh.newKey('stranger')).file
      },
      SOURCE_UNREACHABLE: async () => {
        port = await freePort()
      },
    },
    end: () => ssh.bench.end(),
  }
}

describeWith('sshd', 'git, over ssh', () => {
  sourceContract('git, over ssh', world)

  let ssh: SshBench
  beforeEach(async () => {
    ssh = await beginSsh()
    await ssh.repository.publish('v1.0.0', 'one')
  })
  afterEach(() => ssh.bench.end())

  const source = (repository = ssh.address()) =>
    gitSource.create('app', { type: 'git', repository }, ssh.ports)
  const fetchContext = () => ({
    file: path.join(ssh.bench.folder, 'unused'),
    onProgress: () => undefined,
    signal: calm,
  })

  test('a bare repository gives its versions, a commit and a folder of files', async () => {
    const bare = path.join(ssh.bench.folder, 'served', 'shop.git')
    await mkdir(path.dirname(bare))
    await writeFile(path.join(ssh.repository.folder, 'run'), '#!/bin/sh\n', { mode: 0o755 })
    const commit = await ssh.repository.publish('v1.1.0', 'two')
    await execute('git', ['clone', '--quiet', '--bare', ssh.repository.folder, bare])
    const shop = source(ssh.address(bare))
    expect((await shop.versions(calm)).map(({ version }) => version).sort()).toEqual(['1.0.0', '1.1.0'])
    const release = await shop.resolve('1.1.0', calm)
    expect([release.digest, release.artifact.name]).toEqual([`sha1:${commit}`, 'shop-1.1.0'])
    const fetched = await shop.fetch(release, fetchContext())
    expect(fetched.kind).toBe('folder')
    expect(await readFile(path.join(fetched.path, 'content'), 'utf8')).toBe('two')
    expect((await readdir(fetched.path)).sort()).toEqual(['content', 'run'])
    expect((await stat(path.join(fetched.path, 'run'))).mode & 0o111).toBe(0o111)
  })

  test('the short form of an address works as well', async () => {
    // it has no room for a port, so ssh is told
    ssh.settings.program = `ssh -p ${ssh.server.port}`
    const short = source(`${ssh.server.user}@${ssh.server.host}:${ssh.repository.folder}`)
    expect(await short.versions(calm)).toEqual([{ version: '1.0.0' }])
  })

  test('a tag that was moved away from its commit is told with what the server said', async () => {
    const release = await source().resolve('1.0.0', calm)
    await ssh.repository.git('checkout', '--quiet', '--orphan', 'anew')
    await ssh.repository.publish('v1.0.0', 'another')
    await ssh.repository.git('branch', '-D', 'main')
    const error = await failureOf(source().fetch(release, fetchContext()))
    expect([error.code, error.message]).toEqual([
      'ARTIFACT_MISSING',
      expect.stringMatching(/the tag v1\.0\.0 is now at [0-9a-f]{12}, and its server no longer gives out/),
    ])
    expect(error.details.join('\n')).toMatch(/unadvertised object|not our ref/)
  })

  /** Nobody answers questions here: each of these ends at once, in words of ours, with what to do. */
  const troubles: Record<
    string,
    readonly [() => Promise<string | undefined>, string, RegExp, RegExp, RegExp]
  > = {
    'a changed host key': [
      async () => {
        await ssh.know((await ssh.newKey('other-host')).publicHalf)
        return undefined
      },
      'SOURCE_DENIED',
      /the host key of its server is another than the one in known_hosts/,
      /another machine answers in its place.*ssh-keygen -R HOST/,
      /SHA256:.*ssh-keygen -f ".*known_hosts" -R "\[127\.0\.0\.1\]:\d+"/s,
    ],
    'an unknown host key': [
      async () => {
        await rm(ssh.settings.knownHosts)
        return undefined
      },
      'SOURCE_DENIED',
      /the host key of its server is not known on this machine/,
      /ssh-keyscan HOST >> ~\/\.ssh\/known_hosts, with -p PORT.*owner/,
      /Host key verification failed/,
    ],
    'an unknown host key, where ssh is strict': [
      async () => {
        await rm(ssh.settings.knownHosts)
        ssh.settings.strict = 'yes'
        return undefined
      },
      'SOURCE_DENIED',
      /the host key of its server is not known on this machine/,
      /ssh-keyscan/,
      /No ED25519 host key is known/,
    ],
    'a key that the server does not allow': [
      async () => {
        ssh.settings.key = (await ssh.newKey('stranger')).file
        return undefined
      },
      'SOURCE_DENIED',
      /its server does not let us in/,
      /load a key that the server allows into the agent \(ssh-add\)/,
      /Permission denied \(publickey\)/,
    ],
    'a key that is not there': [
      async () => {
        ssh.settings.key = path.join(ssh.bench.folder, 'nothing')
        return undefined
      },
      'SOURCE_DENIED',
      /its server does not let us in/,
      /ssh-add/,
      /Identity file .* not accessible/,
    ],
    'a key with a passphrase': [
      async () => {
        const { file } = await ssh.newKey('locked')
        await execute('ssh-keygen', ['-q', '-p', '-N', 'hush-hush', '-f', file])
        ssh.settings.key = file
        return undefined
      },
      'SOURCE_DENIED',
      /its server does not let us in/,
      /nobody is asked for its passphrase/,
      /Permission denied \(publickey\)/,
    ],
    'a server that is down': [
      async () => ssh.address(undefined, await freePort()),
      'SOURCE_UNREACHABLE',
      /its server cannot be reached/,
      /Check the address, the network/,
      /Connection refused/,
    ],
    'a host that has no address': [
      async () => 'ssh://git@no-such-host.invalid/app.git',
      'SOURCE_UNREACHABLE',
      /its server cannot be reached/,
      /Check the address/,
      /Could not resolve hostname/,
    ],
    'a repository that does not exist': [
      async () => ssh.address('/srv/no-such-repository.git'),
      'SOURCE_NOT_FOUND',
      /there is no repository at its address, or none that we may see/,
      /Check the address/,
      /does not appear to be a git repository/,
    ],
    'no ssh on this machine': [
      async () => {
        ssh.settings.program = '/no/such/ssh'
        return `${ssh.server.user}@${ssh.server.host}:${ssh.repository.folder}`
      },
      'COMMAND_NOT_FOUND',
      /git needs another program for it, which is not on this machine/,
      /apt-get install openssh-client/,
      /not found|No such file/,
    ],
  }
  test.each(Object.keys(troubles))('%s', async (trouble) => {
    const [spoil, code, message, hint, evidence] = troubles[trouble]!
    const error = await failureOf(source(await spoil()).versions(calm))
    expect([error.code, error.message, error.hint]).toEqual([
      code,
      expect.stringMatching(message),
      expect.stringMatching(hint),
    ])
    expect(error.message).toMatch(/^source "app": listing the tags of \S+ failed: /)
    expect(error.details.join('\n')).toMatch(evidence)
  })

  test('a changed host key also stops a fetch, and nothing is left behind', async () => {
    const release = await source().resolve('1.0.0', calm)
    await ssh.know((await ssh.newKey('other-host')).publicHalf)
    const error = await failureOf(source().fetch(release, fetchContext()))
    expect([error.code, error.message]).toEqual([
      'SOURCE_DENIED',
      expect.stringMatching(/fetching the tag v1\.0\.0 of ssh:.*is another than the one in known_hosts/),
    ])
    await ssh.know(ssh.server.hostKey)
    const { path: folder } = await source().fetch(release, fetchContext())
    expect(await readFile(path.join(folder, 'content'), 'utf8')).toBe('one')
  })
})
