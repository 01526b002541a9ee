/** The hosts of one environment: who they are, and one connection to each for the whole run. */
import { resolve } from 'node:path'
import pLimit from 'p-limit'
import { DeployError } from '../../base/deploy-error.js'
import { digestOf } from '../../base/hash.js'
import type { Clock } from '../../model/clock.js'
import type { GroupedHost, HostGroup, HostLink, Hosts, SshSettings } from '../../model/host.js'
import type { HostSpec } from '../../model/host-spec.js'
import type { Shell } from '../../model/shell.js'
import { openChild } from '../system/open-child.js'
import { randomHex } from '../system/random-hex.js'
import { examine } from './examine.js'
import { hostsOfGroup } from './inventory.js'
import { becomingLink, sshLink } from './ssh-link.js'

export interface HostsOptions {
  readonly groups: { readonly [name: string]: HostGroup }
  readonly ssh: SshSettings
  /** Functions of /bin/sh that every connection brings along. */
  readonly library: string
  readonly projectDirectory: string
  readonly shell: Shell
  readonly clock: Clock
  /** The value behind a reference to a secret. */
  readonly reveal: (text: string) => Promise<string>
}

const tokenDigits = 32

export function createHosts(options: HostsOptions): Hosts {
  const { ssh, library, projectDirectory, clock } = options
  const settings = { ...ssh, config: ssh.config === null ? null : resolve(projectDirectory, ssh.config) }
  const ports = {
    open: openChild,
    clock,
    library,
    token: () => randomHex(tokenDigits),
    random: () => Math.random(),
    gate: pLimit(ssh.startsAtOnce),
  }
  const links = new Map<string, HostLink>()
  let known: Promise<readonly GroupedHost[]> | null = null
  const hosts: Hosts = {
    all(signal) {
      known ??= gather(options, signal).catch((error: unknown) => {
        known = null
        throw error
      })
      return known
    },
    link(host) {
      // By all of it: what is recorded of a host may say another address than deploy.yaml does now.
      const { name, address, user, port, variables } = host
      const key = digestOf({ name, address, user, port, variables })
      const link =
        links.get(key) ?? withVariables(sshLink(host, settings, ports), host.variables, options.reveal)
      links.set(key, link)
      return link
    },
    linkAs(host, become) {
      const { name, address, user, port, variables } = host
      const key = digestOf({ name, address, user, port, variables, become: { ...become } })
      const made = () => becomingLink(host, become, options.reveal, settings, ports)
      const link = links.get(key) ?? withVariables(made(), variables, options.reveal)
      links.set(key, link)
      return link
    },
    examine: (host, folders, signal) => examine(hosts.link(host), folders, clock, signal),
  }
  return hosts
}

function withVariables(
  link: HostLink,
  variables: HostSpec['variables'],
  reveal: HostsOptions['reveal'],
): HostLink {
  const { shell } = link
  return {
    ...link,
    shell: {
      ...shell,
      async run(request, signal) {
        const entries = Object.entries(variables).map(
          async ([name, text]) => [name, await reveal(text)] as const,
        )
        const own = Object.fromEntries(await Promise.all(entries))
        return shell.run({ ...request, env: { ...own, ...request.env } }, signal)
      },
    },
  }
}

/** A host in several groups is one host; two hosts of one name are a mistake. */
async function gather(options: HostsOptions, signal: AbortSignal): Promise<readonly GroupedHost[]> {
  const found = new Map<string, GroupedHost>()
  for (const [group, from] of Object.entries(options.groups)) {
    for (const host of await hostsOfGroup(group, from, options, signal)) {
      const other = found.get(host.name)
      if (
        other !== undefined &&
        JSON.stringify({ ...other, groups: [] }) !== JSON.stringify({ ...host, groups: [] })
      ) {
        throw new DeployError(
          'CONFIG_INVALID',
          `The host ${host.name} is another one in the group ${group} than in ${other.groups.join(', ')}.`,
          { hint: 'Give each machine a name of its own, or write it the same everywhere.' },
        )
      }
      found.set(host.name, { ...host, groups: [...new Set([...(other?.groups ?? []), group])] })
    }
  }
  return [...found.values()]
}
