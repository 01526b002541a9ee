/** Who answers at a socket: HAProxy says its process id and the description in its configuration. */
import type { Ask } from './runtime-socket.js'

export interface RunningProcess {
  readonly pid: number
  readonly description: string
}

export async function runningProcess(ask: Ask, signal: AbortSignal): Promise<RunningProcess> {
  const lines = (await ask('show info', signal)).split('\n')
  const valueOf = (name: string): string =>
    lines.find((line) => line.toLowerCase().startsWith(`${name}: `))?.slice(name.length + 2) ?? ''
  return { pid: Number(valueOf('pid')), description: valueOf('description') }
}
