/**
 * The configuration of an HAProxy that deployctl runs: minimal, and made from the options and the slots alone. What is
 * not a server's address or weight is its structure: only a change of that takes a reload.
 */
import { sha256, shortDigest } from '../../../base/hash.js'
import type { TargetScope } from '../../../model/target.js'
import type { OwnOptions } from './options.js'
import { serverText } from './server-lines.js'
import type { SlotRecord } from './slot-record.js'

export interface OwnConfig {
  readonly text: string
  /** Whose it is and of what structure; `show info` tells it of the one that runs. */
  readonly description: string
}

/** `certificate`: a digest of its file, so that a renewed one is another structure. */
export function ownConfig(
  options: OwnOptions,
  scope: TargetScope,
  certificate: string | null,
  record: SlotRecord,
): OwnConfig {
  const names = slotNames(options.slots, record)
  const structure = (description: string): readonly string[] => [
    `# Written by deployctl for ${ownerOf(scope)}. It is written anew at every switch: change deploy.yaml instead.`,
    'global',
    `  description ${description}`,
    `  stats socket ${options.socket} mode 600 level admin expose-fd listeners`,
    '  stats timeout 1m',
    ...(options.longLived === 'close' ? ['  hard-stop-after 1h'] : []),
    '',
    'defaults',
    `  mode ${options.mode}`,
    '  timeout connect 5s',
    `  timeout client ${options.timeoutMs}ms`,
    `  timeout server ${options.timeoutMs}ms`,
    '  timeout tunnel 1h',
    '  retries 3',
    '  option redispatch',
    ...(options.mode === 'http' ? ['  option idle-close-on-response', '  option forwardfor'] : []),
    '',
    `frontend ${options.backend}-in`,
    `  bind ${options.bind}${tlsOf(options)}`,
    `  default_backend ${options.backend}`,
    '',
    `backend ${options.backend}`,
    '  balance roundrobin',
    ...(options.sticky ? stickyLines(scope) : []),
  ]
  const plan = JSON.stringify([structure(''), options.slots, certificate])
  const description = `deployctl:${ownerOf(scope)}:${shortDigest(sha256(plan))}`
  const servers = names.map((name) => `  server ${name} ${serverText(record[name])}`)
  return { text: [...structure(description), ...servers, ''].join('\n'), description }
}

/** Whether a description is of a process of this service, whatever its structure. */
export function isOurs(description: string, scope: TargetScope): boolean {
  return description.startsWith(`deployctl:${ownerOf(scope)}:`)
}

/** Names of projects, environments, services and hosts have no spaces. */
function ownerOf({ project, environment, service, host }: TargetScope): string {
  return `${project}/${environment}/${service}@${host}`
}

function tlsOf({ certificate, mode }: OwnOptions): string {
  if (certificate === null) return ''
  return ` ssl crt ${certificate}${mode === 'http' ? ' alpn h2,http/1.1' : ''}`
}

/** The cookie's value is made of the address, not of the slot, whose next instance is not the one a visitor knows. */
function stickyLines(scope: TargetScope): readonly string[] {
  return [
    '  cookie deployctl insert indirect nocache httponly dynamic',
    `  dynamic-cookie-key ${shortDigest(sha256(ownerOf(scope)))}`,
  ]
}

/** As many as are asked for; those that are taken stay, should fewer be asked for. */
function slotNames(count: number, record: SlotRecord): readonly string[] {
  const taken = Object.keys(record).map((name) => Number(/^slot(\d+)$/.exec(name)?.[1] ?? 0))
  return Array.from({ length: Math.max(count, ...taken) }, (_, at) => `slot${at + 1}`)
}
