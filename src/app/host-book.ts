/** Where services run: the words of deploy.yaml as hosts, and the names of the record as addresses. */
import { DeployError } from '../base/deploy-error.js'
import { didYouMean } from '../base/nearest.js'
import type { ServiceConfig } from '../model/config.js'
import type { GroupedHost } from '../model/host.js'
import { localHost, thisHost, type HostSpec } from '../model/host-spec.js'
import type { Deployed, RecordedState } from '../model/state.js'
import type { World } from './world.js'

export interface HostBook {
  /** In the order of deploy.yaml; this machine where a service names none. Throws CONFIG_INVALID for a word that fits nothing. */
  wanted(service: Pick<ServiceConfig, 'name' | 'hosts'>): readonly HostSpec[]
  /** Where a host is, by deploy.yaml where that has it, else by the record. */
  named(name: string): HostSpec
}

/** Inventories are asked only where some service is, or is to be, on a host. */
export async function openHostBook(
  world: World,
  state: RecordedState | null,
  signal: AbortSignal,
): Promise<HostBook> {
  const recorded = recordedHostSpecs(state)
  const isUsed =
    Object.values(world.config.services).some(({ hosts }) => hosts.length > 0) || recorded.size > 0
  const all = isUsed && Object.keys(world.config.hosts).length > 0 ? await world.hosts.all(signal) : []
  const byName = new Map<string, HostSpec>(all.map((host) => [host.name, host]))
  return {
    wanted: ({ name, hosts }) => (hosts.length === 0 ? [thisHost] : hostsOf(name, hosts, all)),
    named(name) {
      if (name === localHost) return thisHost
      const nobody = { user: null, port: null, labels: {}, variables: {} }
      return byName.get(name) ?? recorded.get(name) ?? { name, address: name, ...nobody }
    },
  }
}

/** The newest word counts. */
function recordedHostSpecs(state: RecordedState | null): ReadonlyMap<string, HostSpec> {
  const known = new Map<string, HostSpec>()
  const add = (deployed: Deployed | null): void => {
    for (const host of Object.values(deployed?.hosts ?? {})) known.set(host.name, host)
  }
  for (const { active, previous, lagging = [] } of Object.values(state?.services ?? {})) {
    for (const deployed of previous.toReversed()) add(deployed)
    for (const { has } of lagging) add(has)
    add(active)
  }
  return known
}

function hostsOf(
  service: string,
  words: readonly string[],
  all: readonly GroupedHost[],
): readonly GroupedHost[] {
  const fits = ({ name, groups }: GroupedHost, word: string): boolean =>
    name === word || groups.includes(word)
  for (const word of words) {
    if (all.some((host) => fits(host, word))) continue
    const known = [...new Set(all.flatMap(({ name, groups }) => [...groups, name]))]
    throw new DeployError(
      'CONFIG_INVALID',
      `services.${service}.target.hosts: no host fits "${word}".${didYouMean(word, known)}`,
      {
        hint: 'Write it below hosts: in deploy.yaml, for this environment; an inventory may have come out empty.',
      },
    )
  }
  return all.filter((host) => words.some((word) => fits(host, word)))
}
