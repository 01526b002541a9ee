/**
 * The server lines of one backend in an HAProxy configuration that is others': only where they point, their weight and
 * whether they are disabled are ours to change; all else in the file stays as it is, letter by letter. Pure.
 */
import { nowhere } from './commands.js'
import type { SlotRecord, Tenant } from './slot-record.js'

const section =
  /^\s*(global|defaults|frontend|backend|listen|peers|resolvers|userlist|mailers|program|http-errors|ring|cache|fcgi-app)\b\s*(\S*)/
const serverLine = /^(\s*server\s+)(\S+)(\s+)(\S+)(.*?)(\s*(?:#.*)?)$/

/** The new text, or null when the file has no section of the backend with servers in it. */
export function withServers(text: string, backend: string, record: SlotRecord): string | null {
  let isInside = false
  let found = 0
  const lines = text.split('\n').map((line) => {
    const [, kind, name] = section.exec(line) ?? []
    if (kind !== undefined) isInside = (kind === 'backend' || kind === 'listen') && name === backend
    const match = isInside ? serverLine.exec(line) : null
    if (match === null) return line
    found += 1
    const [, head = '', slot = '', gap = '', , rest = '', comment = ''] = match
    const tenant = record[slot]
    return `${head}${slot}${gap}${addressOf(tenant)}${restOf(rest, tenant)}${comment}`
  })
  return found === 0 ? null : lines.join('\n')
}

/** One server as it stands in a configuration, after `server <slot> `. */
export function serverText(tenant: Tenant | undefined): string {
  return `${addressOf(tenant)}${restOf('', tenant)}`
}

function addressOf(tenant: Tenant | undefined): string {
  const { host, port } = tenant !== undefined && tenant.share > 0 ? tenant : nowhere
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

function restOf(rest: string, tenant: Tenant | undefined): string {
  const others = rest.replace(/\s+weight\s+\d+(?=\s|$)/g, '').replace(/\s+disabled(?=\s|$)/g, '')
  const share = tenant?.share ?? 0
  return `${others}${share > 0 ? ` weight ${share}` : ' disabled'}`
}
