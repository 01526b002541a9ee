/**
 * What can be compared of a container: the same facts, in the same words, of what was asked for and of what an engine
 * reports. A container carries the first in a label, so that a change made by hand shows whatever deploy.yaml says by
 * then. Pure. Only facts that were asked for count where an engine or an image has defaults of its own.
 */
import type { Config, HostConfig } from './engine-forms.js'

/** By their names in deploy.yaml. */
export type Aspects = { readonly [option: string]: string }

const lists = (items: readonly string[]): string =>
  items.length === 0 ? 'none' : [...items].sort().join(', ')

/** `set`: what was not asked for is left out; `all`: nothing is. */
export function aspectsOf(
  config: Omit<Config, 'Labels'>,
  host: HostConfig,
  networks: readonly string[],
  which: 'set' | 'all',
): Aspects {
  const aspects: { [option: string]: string } = {
    memory: host.Memory == null || host.Memory === 0 ? 'no limit' : exactSize(host.Memory),
    cpus: host.NanoCpus == null || host.NanoCpus === 0 ? 'no limit' : `${host.NanoCpus / 1e9}`,
    readOnly: `${host.ReadonlyRootfs === true}`,
    restartPolicy: restartOf(host),
  }
  const add = (name: string, isSet: boolean, say: () => string): void => {
    if (isSet || which === 'all') aspects[name] = say()
  }
  add('command', config.Cmd != null, () => JSON.stringify(config.Cmd ?? []))
  add('entrypoint', config.Entrypoint != null, () => JSON.stringify(config.Entrypoint ?? []))
  add('env', (config.Env ?? []).length > 0, () =>
    lists((config.Env ?? []).map((line) => line.split('=', 1).join(''))),
  )
  add('user', config.User != null, () => config.User ?? '')
  add('workingDir', config.WorkingDir != null, () => config.WorkingDir ?? '')
  add('networks', networks.length > 0, () => lists(networks))
  add('pids', host.PidsLimit != null, () => `${host.PidsLimit ?? 0}`)
  add('capAdd', host.CapAdd != null, () => lists((host.CapAdd ?? []).map(bareCapability)))
  add('capDrop', host.CapDrop != null, () => lists((host.CapDrop ?? []).map(bareCapability)))
  add('securityOpt', host.SecurityOpt != null, () => lists(host.SecurityOpt ?? []))
  add('mounts', host.Mounts != null, () => lists((host.Mounts ?? []).map(showMount)))
  add('ports', host.PortBindings != null, () => lists(showPorts(host)))
  return aspects
}

export interface Difference {
  readonly option: string
  readonly wanted: string
  readonly found: string
}

export function differencesOf(wanted: Aspects, found: Aspects): readonly Difference[] {
  return Object.entries(wanted).flatMap(([option, value]) => {
    const there = option === 'env' ? onlyWanted(value, found['env'] ?? '') : (found[option] ?? 'none')
    return there === value ? [] : [{ option, wanted: value, found: there }]
  })
}

/** An image brings variables of its own, which nobody asked for. */
function onlyWanted(wanted: string, found: string): string {
  const names = new Set(wanted.split(', '))
  return lists(found.split(', ').filter((name) => names.has(name)))
}

function restartOf({ RestartPolicy }: HostConfig): string {
  const { Name = '', MaximumRetryCount = 0 } = RestartPolicy ?? {}
  return `${Name === '' ? 'no' : Name}${MaximumRetryCount > 0 ? `:${MaximumRetryCount}` : ''}`
}

/** As it would be written in deploy.yaml, without rounding: a small difference is one too. */
function exactSize(bytes: number): string {
  return bytes % 2 ** 20 === 0 ? `${bytes / 2 ** 20}MiB` : `${bytes}B`
}

function bareCapability(name: string): string {
  return name.replace(/^CAP_/, '')
}

function showMount(mount: NonNullable<HostConfig['Mounts']>[number]): string {
  return `${mount.Source} at ${mount.Target}${mount.ReadOnly === true ? ' (read only)' : ''}`
}

function showPorts({ PortBindings }: HostConfig): readonly string[] {
  return Object.entries(PortBindings ?? {}).flatMap(([port, bindings]) =>
    (bindings ?? []).map(({ HostIp, HostPort }) => `${HostIp === '' ? '' : `${HostIp}:`}${HostPort}:${port}`),
  )
}
