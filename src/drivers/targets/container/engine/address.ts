/**
 * Where the engine is, by the rules that users of docker know: what deploy.yaml says, else DOCKER_HOST, else the current
 * context, else the socket that every engine has. Reads small files of this machine; asks nobody.
 */
import { recordIn } from '../../../artifacts/json-fields.js'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { isAbsolute, join, resolve } from 'node:path'
import { DeployError, systemCodeOf } from '../../../../base/deploy-error.js'
import type { HostLink } from '../../../../model/host.js'
import type { Ports } from '../../../../model/ports.js'
import type { TargetScope } from '../../../../model/target.js'

/** As deploy.yaml has it; at most one of the first three. */
export interface WrittenEngine {
  readonly socket?: string
  readonly host?: string
  readonly context?: string
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string }
}

export interface Tls {
  readonly ca?: Buffer
  readonly cert?: Buffer
  readonly key?: Buffer
}

export type EngineAddress = {
  /** For messages: `/var/run/docker.sock`, `tcp://10.0.0.5:2376`. */
  readonly where: string
  /** What named it: `engine.host`, `DOCKER_HOST`, `the context "build"`. */
  readonly from: string
} & (
  | { readonly kind: 'socket'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number; readonly tls: Tls | null }
  /** A socket of another machine. */
  | { readonly kind: 'ssh'; readonly link: HostLink; readonly path: string }
)

const usualSocket = '/var/run/docker.sock'

/** The host of the service, and what leads to others. */
export type EngineScope = Pick<TargetScope, 'link' | 'linkTo'>

export async function findEngine(
  written: WrittenEngine,
  scope: EngineScope,
  ports: Ports,
): Promise<EngineAddress> {
  const { env, projectDirectory } = ports
  if (scope.link !== null) return onHost(written, scope.link)
  const at = (path: string): string => (isAbsolute(path) ? path : resolve(projectDirectory, path))
  if (written.socket !== undefined) return socketAt(at(written.socket), 'engine.socket')
  if (written.host !== undefined) {
    const { tls } = written
    const files = tls === undefined ? null : { ca: tls.ca, cert: tls.cert, key: tls.key }
    return addressOf(written.host, 'engine.host', files === null ? null : await readTls(files, at), scope)
  }
  if (written.context !== undefined) return contextAddress(written.context, 'engine.context', scope, ports)
  const host = env['DOCKER_HOST'] ?? ''
  if (host !== '') return addressOf(host, 'DOCKER_HOST', await tlsOfEnvironment(ports), scope)
  const current = (env['DOCKER_CONTEXT'] ?? '') || (await currentContext(ports))
  if (current !== null && current !== 'default')
    return contextAddress(current, 'the current context', scope, ports)
  return socketAt(usualSocket, 'nothing else names one')
}

function socketAt(path: string, from: string): EngineAddress {
  return { kind: 'socket', path, where: path, from }
}

/** Each host of a service has an engine of its own, at the usual place or where `socket:` says. */
function onHost({ socket = usualSocket, host, context }: WrittenEngine, link: HostLink): EngineAddress {
  if (host !== undefined || context !== undefined) {
    const says = `engine.${host === undefined ? 'context' : 'host'} names one engine, and the service is on hosts with one each`
    throw new DeployError('CONFIG_INVALID', says, {
      hint: 'Leave it out, or name the socket that they all have: engine: { socket: … }.',
    })
  }
  return socketOn(link, socket, 'hosts:')
}

function socketOn(link: HostLink, path: string, from: string): EngineAddress {
  return { kind: 'ssh', link, path, where: `${path} of ${link.host.name}`, from }
}

/** As docker reads it; a path names the socket there. */
function overSsh(url: URL, from: string, { linkTo }: EngineScope): EngineAddress {
  const address = url.hostname.replace(/^\[|\]$/g, '')
  const link = linkTo({
    name: address,
    address,
    user: url.username === '' ? null : decodeURIComponent(url.username),
    port: url.port === '' ? null : Number(url.port),
    labels: {},
    variables: {},
  })
  const path = url.pathname === '' || url.pathname === '/' ? usualSocket : url.pathname
  return socketOn(link, path, from)
}

function addressOf(text: string, from: string, tls: Tls | null, scope: EngineScope): EngineAddress {
  if (text.startsWith('unix://')) return socketAt(text.slice('unix://'.length), from)
  const url = URL.canParse(text) ? new URL(text) : null
  const wanted = 'unix:///path/to/docker.sock, tcp://host:port or ssh://user@host'
  if (url?.protocol === 'ssh:' && url.hostname !== '') return overSsh(url, from, scope)
  if (url === null || !['tcp:', 'http:', 'https:'].includes(url.protocol) || url.hostname === '') {
    const says = `${from} names no engine that can be spoken to: "${text}"`
    throw new DeployError('CONFIG_INVALID', says, { hint: `Write ${wanted}.` })
  }
  const secure = tls ?? (url.protocol === 'https:' ? {} : null)
  const port = url.port === '' ? (secure === null ? 2375 : 2376) : Number(url.port)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  return { kind: 'tcp', host, port, tls: secure, where: `tcp://${url.hostname}:${port}`, from }
}

/** DOCKER_TLS_VERIFY with anything in it turns it on; the files are in DOCKER_CERT_PATH, or in Docker's own folder. */
async function tlsOfEnvironment(ports: Ports): Promise<Tls | null> {
  if ((ports.env['DOCKER_TLS_VERIFY'] ?? '') === '') return null
  const folder = (ports.env['DOCKER_CERT_PATH'] ?? '') || dockerFolder(ports)
  if (folder === null) return {}
  return readTls({ ca: 'ca.pem', cert: 'cert.pem', key: 'key.pem' }, (file) => join(folder, file))
}

type TlsParts = { -readonly [part in keyof Tls]: Tls[part] }
type TlsFiles = { readonly [part in keyof Tls]?: string | undefined }

async function readTls(files: TlsFiles, at: (file: string) => string): Promise<Tls> {
  const parts: TlsParts = {}
  for (const part of ['ca', 'cert', 'key'] as const) {
    const file = files[part]
    if (file !== undefined)
      parts[part] = await readNamed(at(file), 'what the TLS connection to the engine needs')
  }
  return parts
}

async function readNamed(path: string, what: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    const says = `${path}, ${what}, cannot be read (${systemCodeOf(error) ?? 'unknown error'})`
    throw new DeployError('CONFIG_INVALID', says, {
      hint: 'Check engine.tls, or DOCKER_CERT_PATH.',
      cause: error,
    })
  }
}

/** Contexts are kept in folders called after the digest of their names. */
async function contextAddress(
  name: string,
  from: string,
  scope: EngineScope,
  ports: Ports,
): Promise<EngineAddress> {
  if (name === 'default') return socketAt(usualSocket, from)
  const folder = dockerFolder(ports)
  const id = createHash('sha256').update(name).digest('hex')
  const meta = folder === null ? null : await readJson(join(folder, 'contexts', 'meta', id, 'meta.json'))
  const endpoint = recordIn(recordIn(meta?.['Endpoints'])?.['docker'])
  const host = endpoint?.['Host']
  if (folder === null || typeof host !== 'string') {
    throw new DeployError(
      'CONFIG_INVALID',
      `${from} names the Docker context "${name}", which is not there`,
      {
        hint: 'docker context ls shows those there are.',
      },
    )
  }
  const files = join(folder, 'contexts', 'tls', id, 'docker')
  return addressOf(host, `the context "${name}"`, await tlsIfThere(files), scope)
}

async function tlsIfThere(folder: string): Promise<Tls | null> {
  const parts: TlsParts = {}
  for (const part of ['ca', 'cert', 'key'] as const) {
    const bytes = await readFile(join(folder, `${part}.pem`)).catch(() => null)
    if (bytes !== null) parts[part] = bytes
  }
  return Object.keys(parts).length === 0 ? null : parts
}

async function currentContext(ports: Ports): Promise<string | null> {
  const folder = dockerFolder(ports)
  const config = folder === null ? null : await readJson(join(folder, 'config.json'))
  const name = config?.['currentContext']
  return typeof name === 'string' && name !== '' ? name : null
}

function dockerFolder({ env }: Ports): string | null {
  const [own = '', home = ''] = [env['DOCKER_CONFIG'], env['HOME']]
  if (own !== '') return own
  return home === '' ? null : join(home, '.docker')
}

/** Null when it is not there or says nothing that can be read: then there is no such context. */
async function readJson(path: string): Promise<Readonly<Record<string, unknown>> | null> {
  try {
    // JSON.parse answers any; unknown makes the caller look before it believes
    return recordIn(JSON.parse(await readFile(path, 'utf8')) as unknown)
  } catch {
    return null
  }
}
