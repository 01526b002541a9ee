/** Links to hosts as a deployment has them, with the real ssh; closed together. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pLimit from 'p-limit'
import { sshLink } from '../../src/drivers/hosts/ssh-link.js'
import { openChild } from '../../src/drivers/system/open-child.js'
import { randomHex } from '../../src/drivers/system/random-hex.js'
import { systemClock } from '../../src/drivers/system/system-clock.js'
import { hostLibrary } from '../../src/drivers/targets/directory/files/host-library.js'
import type { HostLink, SshSettings } from '../../src/model/host.js'
import type { HostAddress } from '../../src/model/host-spec.js'
import { writeSshConfig } from './ssh-host.js'

export interface LinkBench {
  readonly folder: string
  /** A link to that port of this machine; the host key is known for it unless told otherwise. */
  link(port: number, host?: Partial<HostAddress>, settings?: Partial<SshSettings>): Promise<HostLink>
  end(): Promise<void>
}

export async function linkBench(): Promise<LinkBench> {
  const folder = await mkdtemp(join(tmpdir(), 'deployctl-link-'))
  const links: HostLink[] = []
  const gate = pLimit(8)
  return {
    folder,
    async link(port, host = {}, settings = {}) {
      const config = await writeSshConfig(await mkdtemp(join(folder, 'config-')), [port])
      const address = { name: 'web1', address: '127.0.0.1', user: 'root', port, ...host }
      const all = { config, connectTimeoutMs: 5000, keepAliveMs: 5000, startsAtOnce: 8, ...settings }
      const ports = {
        open: openChild,
        clock: systemClock,
        library: hostLibrary,
        token: () => randomHex(32),
        random: () => Math.random(),
        gate,
      }
      const link = sshLink(address, all, ports)
      links.push(link)
      return link
    },
    async end() {
      await Promise.all(links.map((link) => link.close()))
      await rm(folder, { recursive: true, force: true })
    },
  }
}
