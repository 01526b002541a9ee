/** The options of a process target as they are meant: defaults filled in, units resolved. */
import { isIPv4, isIPv6 } from 'node:net'
import { DeployError } from '../../../base/deploy-error.js'
import { durationMs } from '../../../base/duration.js'
import { sizeBytes } from '../../../base/size.js'
import type { DriverSpec } from '../../../model/spec.js'
import type { OwnerOption } from '../directory/owner.js'
import { addressText } from './holder/worker-command.js'
import type { Listen, Settings } from './holder/protocol.js'
import { processDefaults, type supervisors } from './schema.js'
import { mostAddresses } from './systemd/scripts.js'

type Supervisor = (typeof supervisors)[number]

export interface ProcessOptions {
  readonly supervisor: Supervisor
  readonly command: readonly string[]
  readonly listen: readonly Listen[]
  readonly workers: number
  /** May refer to secrets. */
  readonly env: { readonly [name: string]: string }
  readonly user: OwnerOption | null
  /** Relative to the release. */
  readonly workingDirectory: string
  readonly umask: string | null
  readonly limits: { readonly [name: string]: Limit }
  readonly settings: Settings
}

interface Limit {
  readonly soft: number
  readonly hard: number
}

type WrittenListen = string | { readonly unix: string; readonly mode?: string }

/** The shape that the schema (schema.ts) admits. */
interface Written {
  readonly supervisor?: Supervisor
  readonly endWithAgent?: boolean
  readonly command: readonly string[]
  readonly listen?: readonly WrittenListen[]
  readonly workers?: number
  readonly env?: { readonly [name: string]: string }
  readonly user?: string
  readonly workingDirectory?: string
  readonly umask?: string
  readonly limits?: { readonly [name: string]: number | Limit }
  readonly stopSignal?: string
  readonly stopTimeout?: string
  readonly settle?: string
  readonly restarts?: { readonly limit?: number; readonly within?: string }
  readonly log?: { readonly maxSize?: string; readonly keep?: number; readonly agent?: boolean }
}

export function readOptions(spec: DriverSpec): ProcessOptions {
  const written = spec as unknown as Written // validation by the schema has admitted it
  const { restarts, log } = processDefaults
  const [user, group] = written.user?.split(':') ?? []
  const supervisor = written.supervisor ?? processDefaults.supervisor
  if (supervisor === 'systemd') refuseWithSystemd(written)
  return {
    supervisor,
    command: written.command,
    listen: listensOf(written.listen ?? []),
    workers: written.workers ?? processDefaults.workers,
    env: written.env ?? {},
    user: user === undefined ? null : { user, group: group ?? null },
    workingDirectory: written.workingDirectory ?? '.',
    umask: written.umask ?? null,
    limits: Object.fromEntries(
      Object.entries(written.limits ?? {}).map(([name, limit]) => [
        name,
        typeof limit === 'number' ? { soft: limit, hard: limit } : limit,
      ]),
    ),
    settings: {
      stopSignal: written.stopSignal ?? processDefaults.stopSignal,
      stopTimeoutMs: durationMs(written.stopTimeout ?? processDefaults.stopTimeout),
      settleMs: durationMs(written.settle ?? processDefaults.settle),
      restarts: {
        limit: written.restarts?.limit ?? restarts.limit,
        withinMs: durationMs(written.restarts?.within ?? restarts.within),
      },
      log: {
        maxBytes: sizeBytes(written.log?.maxSize ?? log.maxSize),
        keep: written.log?.keep ?? log.keep,
      },
    },
  }
}

function refuseWithSystemd({ log, endWithAgent, listen = [] }: Written): void {
  const says = 'with supervisor: systemd'
  if (log?.maxSize !== undefined || log?.keep !== undefined) {
    const hint =
      'Take them out: what the app says goes to the journal, and journald.conf says how much is kept.'
    throw invalid(`log: maxSize and keep mean nothing ${says}.`, hint)
  }
  if (endWithAgent === true) {
    const hint = 'Take it out: systemd keeps the app up, whatever becomes of the agent.'
    throw invalid(`endWithAgent means nothing ${says}.`, hint)
  }
  if (listen.length > mostAddresses) {
    throw invalid(
      `listen: ${listen.length} addresses are too many ${says}; ${mostAddresses} are possible.`,
      'Leave "supervisor" out: the holder hands over any number.',
    )
  }
}

function listensOf(written: readonly WrittenListen[]): readonly Listen[] {
  const listens = written.map((one) => {
    if (typeof one === 'object') return unix(one.unix, one.mode)
    return one.startsWith('unix:') ? unix(one.slice('unix:'.length)) : tcp(one)
  })
  const texts = listens.map(addressText)
  const twice = texts.find((text, index) => texts.indexOf(text) !== index)
  if (twice !== undefined) throw invalid(`listen: ${twice} is written twice.`, 'Take one of them out.')
  return listens
}

function unix(path: string, mode: string = processDefaults.socketMode): Listen {
  return { kind: 'unix', path, mode: Number.parseInt(mode, 8) }
}

function tcp(text: string): Listen {
  const at = text.lastIndexOf(':')
  const host = text.slice(0, at).replace(/^\[(.*)\]$/, '$1')
  const port = Number(text.slice(at + 1))
  const isAddress = text.startsWith('[') ? isIPv6(host) : isIPv4(host)
  if (isAddress && port >= 1 && port <= 65535) return { kind: 'tcp', host, port }
  throw invalid(
    `listen: "${text}" is no address and port.`,
    'Write it like 0.0.0.0:8080, [::]:8080 or unix:/run/shop/api.sock.',
  )
}

function invalid(message: string, hint: string): DeployError {
  return new DeployError('CONFIG_INVALID', message, { hint })
}
