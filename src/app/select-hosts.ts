/**
 * Which hosts are meant: by `--host NAME` and `--limit`, and in targets by name or group. A word that fits no host is an
 * error, never "all". Pure.
 */
import { DeployError } from '../base/deploy-error.js'
import { didYouMean } from '../base/nearest.js'
import type { GroupedHost } from '../model/host.js'
import type { HostSelection } from '../model/host-spec.js'

/** In the order of `hosts`. Throws USAGE for a word that fits nothing, or when nothing is left. */
export function selectHosts(hosts: readonly GroupedHost[], selection: HostSelection): readonly GroupedHost[] {
  if (hosts.length === 0) {
    throw new DeployError('USAGE', 'This environment has no hosts.', {
      hint: 'Write them below hosts: in deploy.yaml, or choose another environment with --env.',
    })
  }
  for (const name of selection.hosts) {
    if (hosts.some((host) => host.name === name)) continue
    throw unmatched(
      '--host',
      name,
      hosts,
      hosts.map((host) => host.name),
    )
  }
  const groups = [...new Set(hosts.flatMap((host) => host.groups))]
  for (const word of selection.limit) {
    if (hosts.some((host) => fits(host, word))) continue
    throw unmatched('--limit', word, hosts, [...groups, ...hosts.map((host) => host.name)])
  }
  const left = hosts.filter(
    (host) =>
      (selection.hosts.length === 0 || selection.hosts.includes(host.name)) &&
      (selection.limit.length === 0 || selection.limit.some((word) => fits(host, word))),
  )
  if (left.length > 0) return left
  throw new DeployError('USAGE', 'No host is in both --host and --limit.', {
    hint: 'Leave one of them out.',
  })
}

function fits(host: GroupedHost, word: string): boolean {
  const at = word.indexOf('=')
  if (at > 0) return host.labels[word.slice(0, at)] === word.slice(at + 1)
  if (host.groups.includes(word)) return true
  return new RegExp(`^${word.split('*').map(escaped).join('.*')}$`, 'su').test(host.name)
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}

const mostNamed = 10

function unmatched(
  option: string,
  word: string,
  hosts: readonly GroupedHost[],
  known: readonly string[],
): DeployError {
  const names = hosts.map(({ name }) => name)
  const more = names.length > mostNamed ? ` and ${names.length - mostNamed} more` : ''
  return new DeployError('USAGE', `${option} ${word}: no host fits.${didYouMean(word, known)}`, {
    hint: `There are ${names.slice(0, mostNamed).join(', ')}${more}.`,
  })
}
