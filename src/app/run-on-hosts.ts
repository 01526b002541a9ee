/** `run`: the user's command on hosts, side by side, with every line as it comes and every exit code. */
import pLimit from 'p-limit'
import { reportOf } from '../base/deploy-error.js'
import type { OutputLine } from '../model/event.js'
import type { GroupedHost } from '../model/host.js'
import type { HostRun, HostRunListener, RunRequest } from './requests.js'
import { selectHosts } from './select-hosts.js'
import type { World } from './world.js'

/** Nobody waits for ever; a command that needs longer belongs into the background of its host. */
const timeoutMs = 24 * 60 * 60_000

export async function runOnHosts(
  world: World,
  request: RunRequest,
  listener: HostRunListener,
  signal: AbortSignal,
): Promise<readonly HostRun[]> {
  const hosts = selectHosts(await world.hosts.all(signal), request)
  listener.onHosts(hosts.map(({ name }) => name))
  const slot = pLimit(world.config.parallelism)
  return Promise.all(
    hosts.map((host) =>
      slot(() => runOn(world, host, request, (line) => listener.onLine(host.name, line), signal)),
    ),
  )
}

async function runOn(
  world: World,
  host: GroupedHost,
  { command, become }: Pick<RunRequest, 'command' | 'become'>,
  onLine: (line: OutputLine) => void,
  signal: AbortSignal,
): Promise<HostRun> {
  const { name } = host
  try {
    const request = { command, directory: become === null ? '.' : '/', timeoutMs, onLine }
    const link =
      become === null ? world.hosts.link(host) : world.hosts.linkAs(host, { user: become, password: null })
    const result = await link.shell.run(request, signal)
    if (result.ended === 'cancelled')
      return { host: name, exitCode: null, signal: 'cancelled', problem: null }
    return { host: name, exitCode: result.exitCode, signal: result.signal, problem: null }
  } catch (error) {
    return { host: name, exitCode: null, signal: null, problem: reportOf(error) }
  }
}
