/** The options of the router `haproxy` as they are meant: one of two kinds, defaults filled in, paths absolute. */
import { join, resolve } from 'node:path'
import { DeployError } from '../../../base/deploy-error.js'
import { durationMs } from '../../../base/duration.js'
import type { DriverSpec } from '../../../model/spec.js'
import type { TargetScope } from '../../../model/target.js'
import { defaultSlots, defaultTimeout } from './schema.js'

interface Written {
  readonly socket?: string
  readonly backend?: string
  readonly config?: string
  readonly listen?: number | string
  readonly mode?: 'http' | 'tcp'
  readonly slots?: number
  readonly tls?: { readonly certificate: string }
  readonly sticky?: boolean
  readonly longLived?: 'close' | 'wait'
  readonly timeout?: string
  readonly program?: string
  readonly folder?: string
}

interface Both {
  readonly backend: string
  readonly socket: string
  /** Where our notes are. */
  readonly folder: string
  readonly longLived: 'close' | 'wait'
}

export interface ExistingOptions extends Both {
  readonly kind: 'existing'
  readonly config: string | null
}

export interface OwnOptions extends Both {
  readonly kind: 'own'
  /** As HAProxy binds: `*:80`. */
  readonly bind: string
  readonly mode: 'http' | 'tcp'
  readonly slots: number
  readonly certificate: string | null
  readonly sticky: boolean
  readonly timeoutMs: number
  readonly program: string
}

/** What a Unix socket's path may have, less what HAProxy adds to it while it binds. */
const longestSocket = 90

export function haproxyOptions(
  spec: DriverSpec,
  scope: TargetScope,
  projectDirectory: string,
): ExistingOptions | OwnOptions {
  const written = spec as unknown as Written // the schema admits nothing else
  const usual = join('.deployctl', 'routers', `${scope.environment}-${scope.service}-${scope.host}`)
  const folder = resolve(projectDirectory, written.folder ?? usual)
  const longLived = written.longLived ?? 'close'
  if (written.listen === undefined) {
    return {
      kind: 'existing',
      socket: resolve(projectDirectory, written.socket ?? ''),
      backend: written.backend ?? '',
      config: written.config === undefined ? null : resolve(projectDirectory, written.config),
      folder,
      longLived,
    }
  }
  const mode = written.mode ?? 'http'
  if (mode === 'tcp' && written.sticky === true) {
    throw new DeployError('CONFIG_INVALID', 'sticky: true needs mode: http, since it is done by a cookie.', {
      hint: 'Leave one of the two out.',
    })
  }
  const certificate = written.tls?.certificate
  return {
    kind: 'own',
    bind: typeof written.listen === 'number' ? `*:${written.listen}` : written.listen,
    mode,
    slots: written.slots ?? defaultSlots,
    certificate: certificate === undefined ? null : plain(resolve(projectDirectory, certificate)),
    sticky: written.sticky ?? false,
    timeoutMs: durationMs(written.timeout ?? defaultTimeout),
    program: written.program ?? 'haproxy',
    backend: scope.service,
    socket: socketIn(plain(folder)),
    folder,
    longLived,
  }
}

function socketIn(folder: string): string {
  const socket = join(folder, 'admin.sock')
  if (Buffer.byteLength(socket) <= longestSocket) return socket
  throw new DeployError('CONFIG_INVALID', `The path of HAProxy’s socket is too long: ${socket}`, {
    hint: `Give the router a folder: with a shorter path; the socket’s may have ${longestSocket} bytes.`,
  })
}

/** A path that stands in HAProxy's configuration as it is: there, quotes, spaces and the like mean something. */
function plain(path: string): string {
  if (/^[^\s"'\\#$,]+$/.test(path)) return path
  throw new DeployError('CONFIG_INVALID', `HAProxy cannot use this path: ${path}`, {
    hint: 'It must not have spaces, quotes, backslashes, commas, # or $. Choose another folder: or certificate:.',
  })
}
