/**
 * The login that `docker login` left on this machine for a registry: `config.json` in DOCKER_CONFIG or ~/.docker, with
 * its credential helpers, in Docker's own order (helper of the registry, common store, the file itself).
 */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { DeployError, systemCodeOf } from '../../base/deploy-error.js'
import type { Ports } from '../../model/ports.js'
import { recordIn, textIn } from './json-fields.js'

/** What a registry may be shown, and where it was found, for messages. */
export type Credentials = { readonly from: string } & (
  | { readonly kind: 'password'; readonly username: string; readonly password: string }
  /** Exchanged for a token that is good for a while. */
  | { readonly kind: 'identity'; readonly token: string }
  /** Taken by the registry as it is. */
  | { readonly kind: 'bearer'; readonly token: string }
)

type Fields = Readonly<Record<string, unknown>>

export async function dockerLogin(
  registry: string,
  ports: Ports,
  signal: AbortSignal,
): Promise<Credentials | null> {
  const file = configFile(ports)
  const config = file === null ? null : await readConfig(file)
  if (file === null || config === null) return null
  const names = namesOf(registry)
  const helpers = recordIn(config['credHelpers'])
  const helper =
    names.map((name) => textIn(helpers?.[name])).find((found) => found !== null) ??
    textIn(config['credsStore'])
  const stored = helper == null ? null : await askHelper(helper, names[0] ?? registry, file, ports, signal)
  return stored ?? writtenLogin(recordIn(config['auths']), names, file)
}

function configFile({ env }: Ports): string | null {
  const home = env['HOME'] ?? env['USERPROFILE']
  const folder = env['DOCKER_CONFIG'] ?? (home === undefined ? undefined : path.join(home, '.docker'))
  return folder === undefined || folder === '' ? null : path.join(folder, 'config.json')
}

async function readConfig(file: string): Promise<Fields | null> {
  const hint = 'Mend the file, or set username: and password: on the source.'
  try {
    const config = recordIn(JSON.parse(await readFile(file, 'utf8')))
    if (config !== null) return config
  } catch (error) {
    const code = systemCodeOf(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    if (code !== undefined) {
      const says = `${file}, Docker's configuration, cannot be read (${code})`
      throw new DeployError('PERMISSION_DENIED', says, { hint, cause: error })
    }
  }
  // the parser's own words may quote a password
  throw new DeployError('CONFIG_INVALID', `${file}, Docker's configuration, is not a JSON object`, { hint })
}

/** Docker keeps the login for its own registry under the address of a service that is long gone. */
function namesOf(registry: string): readonly string[] {
  return registry === 'docker.io'
    ? ['https://index.docker.io/v1/', 'index.docker.io', 'docker.io']
    : [registry, `https://${registry}`, `http://${registry}`]
}

function writtenLogin(auths: Fields | null, names: readonly string[], file: string): Credentials | null {
  const hosts = new Set(names.map(hostOf))
  const keys = [...names, ...Object.keys(auths ?? {}).filter((key) => hosts.has(hostOf(key)))]
  for (const key of keys) {
    const found = credentialsIn(recordIn(auths?.[key]), file)
    if (found !== null) return found
  }
  return null
}

function hostOf(address: string): string {
  return address.replace(/^https?:\/\//, '').replace(/\/.*$/, '')
}

function credentialsIn(entry: Fields | null, from: string): Credentials | null {
  const [identity, bearer] = [textIn(entry?.['identitytoken']), textIn(entry?.['registrytoken'])]
  if (bearer !== null) return { kind: 'bearer', token: bearer, from }
  if (identity !== null) return { kind: 'identity', token: identity, from }
  const pair = Buffer.from(textIn(entry?.['auth']) ?? '', 'base64').toString('utf8')
  const colon = pair.indexOf(':')
  const username = colon === -1 ? textIn(entry?.['username']) : pair.slice(0, colon)
  const password = colon === -1 ? textIn(entry?.['password']) : pair.slice(colon + 1).replace(/\0+$/, '')
  return username === null || password === null ? null : { kind: 'password', username, password, from }
}

const helperTimeoutMs = 60_000

/** Runs `docker-credential-NAME get`; null when it keeps nothing for the registry. */
async function askHelper(
  name: string,
  registry: string,
  file: string,
  ports: Ports,
  signal: AbortSignal,
): Promise<Credentials | null> {
  const program = `docker-credential-${name}`
  if (!/^[A-Za-z0-9._-]+$/.test(name)) {
    throw new DeployError(
      'CONFIG_INVALID',
      `${file} names a credential helper that is no name of a program`,
      {
        hint: 'Mend the file, or set username: and password: on the source.',
      },
    )
  }
  const request = {
    command: { run: [program, 'get'] },
    directory: ports.projectDirectory,
    input: registry,
    timeoutMs: helperTimeoutMs,
  }
  const hint = `Install or mend ${program} (${file} names it), or set username: and password: on the source.`
  const result = await ports.shell.run(request, signal).catch((cause: unknown) => {
    const code = cause instanceof DeployError ? cause.code : 'COMMAND_FAILED'
    throw new DeployError(code, `${program}, which keeps the login for ${registry}, cannot be run`, {
      hint,
      cause,
    })
  })
  if (result.ended === 'cancelled') throw new DeployError('CANCELLED', `asking ${program} was cancelled`)
  const says = result.stdout.trim()
  if (result.exitCode !== 0 && /credentials not found|no credentials/i.test(says)) return null
  if (result.exitCode !== 0) {
    const end = result.ended === 'timeout' ? 'did not answer in time' : 'failed'
    const message = `${program}, which keeps the login for ${registry}, ${end}`
    throw new DeployError('COMMAND_FAILED', message, { hint, details: result.lastLines })
  }
  return credentialsFrom(says, program, hint)
}

function credentialsFrom(says: string, program: string, hint: string): Credentials {
  const answer = parsedAnswer(says)
  const [username, secret] = [textIn(answer?.['Username']), textIn(answer?.['Secret'])]
  if (secret === null || username === null) {
    // what it said may be half a secret, so it is not repeated
    throw new DeployError('COMMAND_FAILED', `${program} did not answer with a login`, { hint })
  }
  return username === '<token>'
    ? { kind: 'identity', token: secret, from: program }
    : { kind: 'password', username, password: secret, from: program }
}

function parsedAnswer(says: string): Fields | null {
  try {
    return recordIn(JSON.parse(says))
  } catch {
    return null
  }
}
