/** Where a container listens, as seen from the machine that deploys. Pure. */
import type { Inspected } from './containers.js'
import type { EngineAddress } from './engine/address.js'
import type { ContainerOptions } from './options.js'

/**
 * Its own address in the first network, for an engine of this machine; a published port, for one elsewhere whose
 * networks cannot be seen from here. Null when it does not run or listens nowhere.
 */
export function addressIn(
  container: Inspected,
  { port, networks }: Pick<ContainerOptions, 'port' | 'networks'>,
  engine: EngineAddress,
): { readonly host: string; readonly port: number } | null {
  if (port === null || !container.State.Running) return null
  const engineHost = engine.kind === 'tcp' ? engine.host : '127.0.0.1'
  if (container.HostConfig.NetworkMode === 'host') return { host: engineHost, port }
  const published = container.NetworkSettings.Ports?.[`${port}/tcp`]?.[0]
  if (engine.kind === 'tcp' && published !== undefined)
    return { host: engineHost, port: Number(published.HostPort) }
  const there = container.NetworkSettings.Networks ?? {}
  const [wanted] = networks
  const network = wanted === undefined ? Object.values(there)[0] : there[wanted]
  const host = network?.IPAddress || network?.GlobalIPv6Address || ''
  return host === '' ? null : { host, port }
}
