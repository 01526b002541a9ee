/** How to reach a database: from an address, or from the variables that the application itself reads. Pure. */
import { DeployError } from '../../base/deploy-error.js'

export interface DatabaseSettings {
  readonly host: string
  readonly port: string
  readonly user: string
  readonly password: string
  readonly database: string
  /** What is said of encryption (`sslmode=require`), in the words of the client. */
  readonly tls: string
}

export const settingNames = ['host', 'port', 'user', 'password', 'database'] as const
export type SettingName = (typeof settingNames)[number]

/** `postgres://user:password@host:5432/name?sslmode=require`, with whatever scheme. Its text is in no error. */
export function settingsOfUrl(text: string): DatabaseSettings {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^(postgres|postgresql|pgsql|mysql2?|mariadb)(\+[a-z0-9]+)?:$/.test(url.protocol)) {
    throw new DeployError('CONFIG_INVALID', 'The address of the database is none.', {
      hint: 'It looks like postgres://user:password@host:5432/name or mysql://user:password@host/name.',
    })
  }
  return {
    host: decoded(url.hostname).replace(/^\[(.*)\]$/, '$1') || (url.searchParams.get('host') ?? ''),
    port: url.port,
    user: decoded(url.username),
    password: decoded(url.password),
    database: decoded(url.pathname.replace(/^\//, '')),
    tls: url.searchParams.get('sslmode') ?? url.searchParams.get('ssl-mode') ?? '',
  }
}

/**
 * Values of an env file, as `.env` files are commonly written: `NAME=value`, `export NAME="value"`; a line that is a
 * comment is none. It is read, never run.
 */
export function valuesOf(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>()
  for (const line of text.split(/\r?\n/)) {
    const found = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*$/.exec(line)
    if (found === null) continue
    const [, name = '', value = ''] = found
    values.set(name, unquoted(value))
  }
  return values
}

function unquoted(value: string): string {
  const quoted = /^(["'])(.*?)\1(\s+#.*)?$/.exec(value)
  if (quoted === null) return value.replace(/\s+#.*$/, '')
  const [, mark, inner = ''] = quoted
  return mark === '"' ? inner.replaceAll(/\\(["\\$])/g, '$1') : inner
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
