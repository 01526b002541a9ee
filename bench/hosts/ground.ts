/** Hosts to deploy to, a release to bring there, and an ssh_config that knows the way: the same for every contender. */
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { prepareSshHosts } from '../../test/services/ssh-hosts.mjs'
import { sshKeys, startSshHost, writeSshConfig, type SshHost } from '../../test/support/ssh-host.js'

export interface Ground {
  readonly folder: string
  readonly hosts: readonly SshHost[]
  /** Of `hosts`, in their order; names that the ssh_config knows. */
  readonly names: readonly string[]
  readonly sshConfig: string
  /** Of the user who is let in everywhere. */
  readonly sshKey: string
  /** A fresh release: 200 files, 2 MB; below `releases/vVERSION`, and packed beside it. */
  release(version: string): Promise<void>
  end(): Promise<void>
}

const files = 200
const bytesEach = 10_000

export async function openGround(count: number): Promise<Ground> {
  const folder = await mkdtemp(join(tmpdir(), 'deployctl-bench-hosts-'))
  const { address } = await prepareSshHosts(folder)
  process.env['TEST_SERVICE_SSH_HOSTS'] = address
  const hosts: SshHost[] = []
  while (hosts.length < count) {
    const few = Math.min(10, count - hosts.length)
    hosts.push(...(await Promise.all(Array.from({ length: few }, () => startSshHost()))))
  }
  const names = hosts.map((_, index) => `host${index + 1}`)
  const aliases = hosts.flatMap(({ port }, index) => [
    `Host ${names[index]}`,
    '  HostName 127.0.0.1',
    `  Port ${port}`,
    '  User root',
  ])
  const sshConfig = await writeSshConfig(
    folder,
    hosts.map(({ port }) => port),
    aliases,
  )
  return {
    folder,
    hosts,
    names,
    sshConfig,
    sshKey: join(sshKeys().folder, 'user'),
    async release(version) {
      const place = join(folder, 'releases', `v${version}`)
      for (let index = 0; index < files; index++) {
        const into = join(place, `part${index % 10}`)
        await mkdir(into, { recursive: true })
        await writeFile(join(into, `file${index}`), randomBytes(bytesEach))
      }
    },
    async end() {
      await Promise.all(hosts.map((host) => host.stop()))
      await rm(folder, { recursive: true, force: true })
    },
  }
}
