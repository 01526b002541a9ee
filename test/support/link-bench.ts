/** Links to hosts as a deployment has them, with the real ssh; closed together. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pLimit from 'p-limit'
import { becomingLink, sshLink } from '../../src/drivers/hosts/ssh-link.js'
import type { Become } from '../../src/model/become.js'
import { thisHost } from '../../src/model/host-spec.js'
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
  /** The same as another user; port null is this machine. */
  linkAs(port: number | null, become: Become, host?: Partial<HostAddress>): Promise<HostLink>
  end(): Promise<void>
}

export async function linkBench(): Promise<LinkBench> {
  const folder = await mkdtemp(join(tmpdir(), 'deployctl-link-'))
  const links: HostLink[] = []
  const gate = pLimit(8)
  const ports = {
    open: openChild,
    clock: systemClock,
    library: hostLibrary,
    token: () => randomHex(32),
    random: () => Math.random(),
    gate,
  }
  const settingsFor = async (known: readonly number[]) => {
    const config = await writeSshConfig(await mkdtemp(join(folder, 'config-')), known)
    return { config, connectTimeoutMs: 5000, keepAliveMs: 5000, startsAtOnce: 8 }
  }
  const kept = (link: HostLink): HostLink => {
    links.push(link)
    return link
  }
  return {
    folder,
    async link(port, host = {}, settings = {}) {
      const address = { name: 'web1', address: '127.0.0.1', user: 'root', port, ...host }
      return kept(sshLink(address, { ...(await settingsFor([port])), ...settings }, ports))
    },
    async linkAs(port, become, host = {}) {
      const web1 = { name: 'web1', address: '127.0.0.1', user: 'root', port }
      const address = { ...(port === null ? thisHost : web1), ...host }
      const reveal = (text: string) => Promise.resolve(text)
      return kept(
        becomingLink(address, become, reveal, await settingsFor(port === null ? [] : [port]), ports),
      )
    },
    async end() {
      await Promise.all(links.map((link) => link.close()))
      await rm(folder, { recursive: true, force: true })
    },
  }
}
