/** `doctor`: what of the hosts would stand in the way of a deployment, said before there is one. */
import pLimit from 'p-limit'
import { reportOf } from '../base/deploy-error.js'
import { formatDuration } from '../base/duration.js'
import { formatSize } from '../base/size.js'
import { becomeOf, type WrittenBecome } from '../model/become.js'
import type { Examination, GroupedHost } from '../model/host.js'
import type { ServiceConfig } from '../model/config.js'
import { forHost } from '../model/interpolate-host.js'
import type { HostHealth } from './requests.js'
import type { HostSelection } from '../model/host-spec.js'
import { selectHosts } from './select-hosts.js'
import type { World } from './world.js'

/** Certificates, tokens and timestamps begin to go wrong at about that. */
const mostClockAheadMs = 30_000
const becomeTimeoutMs = 30_000
const leastFreeBytes = 200 * 2 ** 20
/** A release of one language's packages has some ten thousand. */
const leastFreeFiles = 10_000

export async function examineHosts(
  world: World,
  selection: HostSelection,
  signal: AbortSignal,
): Promise<readonly HostHealth[]> {
  const hosts = selectHosts(await world.hosts.all(signal), selection)
  const slot = pLimit(Math.max(world.config.parallelism, world.config.ssh.startsAtOnce))
  return Promise.all(hosts.map((host) => slot(() => examineOne(world, host, signal))))
}

async function examineOne(world: World, host: GroupedHost, signal: AbortSignal): Promise<HostHealth> {
  try {
    const examination = await world.hosts.examine(host, ['/', ...pathsOn(world, host)], signal)
    const refused = await refusedBecomings(world, host, signal)
    return { host: host.name, examination, problem: null, troubles: [...troublesOf(examination), ...refused] }
  } catch (error) {
    return { host: host.name, examination: null, problem: reportOf(error), troubles: [] }
  }
}

/** Where services of this host lie; those in another place than a path have none. */
function pathsOn(world: World, host: GroupedHost): readonly string[] {
  const paths = servicesOn(world, host).flatMap(({ target }) => {
    const path = forHost(target['path'] ?? null, host).value
    return typeof path === 'string' && path.startsWith('/') ? [path] : []
  })
  return [...new Set(paths)]
}

function servicesOn({ config }: World, { name, groups }: GroupedHost): readonly ServiceConfig[] {
  return Object.values(config.services).filter(({ hosts }) =>
    hosts.some((word) => word === name || groups.includes(word)),
  )
}

/** Every user that a service of this host is to be deployed as, tried. */
async function refusedBecomings(
  world: World,
  host: GroupedHost,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const wanted = new Map(
    servicesOn(world, host).flatMap(({ name, target }) => {
      const written = forHost(target['become'] ?? null, host).value ?? undefined
      const become = becomeOf(written as WrittenBecome | undefined) // validation has admitted it
      return become === null ? [] : [[JSON.stringify(become), { name, become }] as const]
    }),
  )
  const tried = [...wanted.values()].map(async ({ name, become }) => {
    try {
      const request = { script: ':', doing: 'begin', timeoutMs: becomeTimeoutMs, repeatable: true }
      await world.hosts.linkAs(host, become).run(request, signal)
      return []
    } catch (error) {
      const { message, hint } = reportOf(error)
      return [
        `${name} cannot be deployed as ${become.user}: ${message}${hint === undefined ? '' : ` ${hint}`}`,
      ]
    }
  })
  return (await Promise.all(tried)).flat()
}

/** Told of the folder that is meant, and not of `/` beside it. */
function oncePerDisk(folders: Examination['folders']): Examination['folders'] {
  return [...new Map(folders.map((folder) => [folder.mountedAt, folder])).values()]
}

function troublesOf(found: Examination): readonly string[] {
  const { missing, clockAheadMs, folders } = found
  const ahead = clockAheadMs > 0 ? 'ahead of' : 'behind'
  return [
    ...missing.map((what) => `It lacks ${what}.`),
    ...(Math.abs(clockAheadMs) <= mostClockAheadMs
      ? []
      : [`Its clock is ${formatDuration(Math.abs(clockAheadMs))} ${ahead} this machine's.`]),
    ...oncePerDisk(folders).flatMap(({ path, freeBytes, freeFiles }) => [
      ...(freeBytes >= leastFreeBytes
        ? []
        : [`Only ${formatSize(freeBytes)} are free on the disk of ${path}.`]),
      ...(freeFiles === null || freeFiles >= leastFreeFiles
        ? []
        : [`Only ${freeFiles} more files fit on the disk of ${path}, however small: it is out of inodes.`]),
    ]),
  ]
}
