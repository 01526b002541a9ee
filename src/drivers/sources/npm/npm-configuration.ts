/**
 * Which registry a package comes from and how to log in there, as npm itself would decide on this machine.
 *
 * In the order of npm: the source's own options, npm_config_* variables, the project's .npmrc, the user's .npmrc; and
 * when none of them names a registry, `npm config get registry`, which also knows npm's global file and its default.
 */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { DeployError, systemCodeOf } from '../../../base/deploy-error.js'
import type { Ports } from '../../../model/ports.js'
import { parseNpmrc, type Variables } from './npmrc.js'

/** A registry: its address with a slash at the end, and the Authorization header for it. */
export interface NpmRegistry {
  readonly url: string
  readonly authorization: string | null
  /** Where the address was found, for messages. */
  readonly from: string
}

export interface RegistryOptions {
  readonly registry: string | undefined
  readonly token: string | undefined
}

type Layer = { readonly name: string; readonly values: ReadonlyMap<string, string> }

export async function findRegistry(
  packageName: string,
  options: RegistryOptions,
  ports: Ports,
  signal: AbortSignal,
): Promise<NpmRegistry> {
  const layers = await readLayers(ports)
  const { url, from } =
    options.registry === undefined
      ? (configuredRegistry(packageName, layers) ?? (await askNpm(ports, signal)))
      : { url: options.registry, from: 'the source' }
  const address = parsedAddress(url, from)
  const authorization =
    options.token === undefined ? authorizationFor(address, layers) : `Bearer ${options.token}`
  return { url: address.href, authorization, from }
}

function configuredRegistry(
  packageName: string,
  layers: readonly Layer[],
): { url: string; from: string } | null {
  const scope = /^(@[^/]+)\//.exec(packageName)?.[1]
  for (const key of scope === undefined ? ['registry'] : [`${scope}:registry`, 'registry']) {
    const layer = layers.find(({ values }) => (values.get(key) ?? '') !== '')
    const url = layer?.values.get(key)
    if (layer !== undefined && url !== undefined) return { url, from: layer.name }
  }
  return null
}

/** Logins are kept under the address without its scheme, for a host or for any folder of it: `//host/path/:_authToken`. */
function authorizationFor(address: URL, layers: readonly Layer[]): string | null {
  const value = (key: string) => layers.find(({ values }) => values.has(key))?.values.get(key)
  for (let place = `//${address.host}${address.pathname}`; place.length > 2; place = parentOf(place)) {
    const token = value(`${place}:_authToken`) ?? value(`${place.replace(/\/$/, '')}:_authToken`)
    if (token !== undefined && token !== '') return `Bearer ${token}`
    const pair = value(`${place}:_auth`)
    if (pair !== undefined && pair !== '') return `Basic ${pair}`
    const [user, password] = [value(`${place}:username`), value(`${place}:_password`)]
    if (user !== undefined && password !== undefined) {
      const plain = Buffer.from(password, 'base64').toString('utf8')
      return `Basic ${Buffer.from(`${user}:${plain}`).toString('base64')}`
    }
  }
  return null
}

/** `//host/a/b/` → `//host/a/` → `//host/` → `//`. */
function parentOf(place: string): string {
  return place.replace(/[^/]*\/$/, '')
}

async function readLayers(ports: Ports): Promise<readonly Layer[]> {
  const environment = new Map<string, string>()
  for (const [name, value] of Object.entries(ports.env)) {
    const key = /^npm_config_(.+)$/i.exec(name)?.[1]
    if (key !== undefined && value !== undefined) environment.set(npmKey(key), value)
  }
  const home = ports.env['HOME'] ?? ports.env['USERPROFILE']
  const userFile =
    environment.get('userconfig') ?? (home === undefined ? undefined : path.join(home, '.npmrc'))
  const files = [path.join(ports.projectDirectory, '.npmrc'), userFile, environment.get('globalconfig')]
  const layers: Layer[] = [{ name: 'the environment (npm_config_registry)', values: environment }]
  for (const file of files) {
    const layer = file === undefined ? null : await readLayer(file, ports.env)
    if (layer !== null) layers.push(layer)
  }
  return layers
}

/** As npm turns a variable's name into a key: small letters with dashes, but addresses and scopes stay as they are. */
function npmKey(name: string): string {
  return name.startsWith('//') || name.startsWith('@') ? name : name.toLowerCase().replace(/(?!^)_/g, '-')
}

async function readLayer(file: string, env: Variables): Promise<Layer | null> {
  try {
    return { name: file, values: parseNpmrc(await readFile(file, 'utf8'), env) }
  } catch (error) {
    const code = systemCodeOf(error)
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return null
    throw new DeployError(
      'PERMISSION_DENIED',
      `${file}, npm's configuration, cannot be read (${code ?? String(error)})`,
      {
        hint: 'Make the file readable, or set registry: (and token:) on the source in deploy.yaml.',
        cause: error,
      },
    )
  }
}

/** Answers of `npm config get registry`: it takes a third of a second, and a project may have many packages. */
const answers = new WeakMap<Ports, Promise<{ url: string; from: string }>>()

async function askNpm(ports: Ports, signal: AbortSignal): Promise<{ url: string; from: string }> {
  const known = answers.get(ports)
  if (known !== undefined) return known
  const asked = runNpm(ports, signal)
  answers.set(ports, asked)
  asked.catch(() => answers.delete(ports))
  return asked
}

async function runNpm(ports: Ports, signal: AbortSignal): Promise<{ url: string; from: string }> {
  const hint = 'Set registry: on the source in deploy.yaml, or npm_config_registry in the environment.'
  const run = ['npm', 'config', 'get', 'registry']
  const request = { command: { run }, directory: ports.projectDirectory, timeoutMs: 30_000 }
  const result = await ports.shell.run(request, signal).catch((cause: unknown) => {
    const message = 'no npm registry is configured, and npm is not there to be asked for its own'
    throw new DeployError('CONFIG_INVALID', message, { hint, cause })
  })
  if (result.ended === 'cancelled') {
    throw new DeployError('CANCELLED', 'looking for the npm registry was cancelled')
  }
  const answer = result.stdout.trim()
  if (result.exitCode !== 0 || answer === '' || answer === 'undefined') {
    const message = `no npm registry is configured, and \`${run.join(' ')}\` did not name one`
    throw new DeployError('CONFIG_INVALID', message, { hint, details: result.lastLines })
  }
  return { url: answer, from: run.join(' ') }
}

function parsedAddress(url: string, from: string): URL {
  const address = URL.canParse(url) ? new URL(url) : null
  if (address === null || !/^https?:$/.test(address.protocol)) {
    const message = `the npm registry "${url}" (from ${from}) is not an http or https address`
    throw new DeployError('CONFIG_INVALID', message, {
      hint: 'Write it in full, such as https://registry.example.com/npm/.',
    })
  }
  if (!address.pathname.endsWith('/')) address.pathname += '/'
  return address
}
