/** The environment of a container, with every secret revealed: only ever held in memory, on its way to the engine. */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { DeployError, systemCodeOf } from '../../../base/deploy-error.js'
import { revealAll } from '../../../model/secrets.js'
import type { Place } from './place.js'

export async function variablesOf(place: Place, signal: AbortSignal): Promise<readonly string[]> {
  const { options, ports } = place
  const all = new Map<string, string>()
  for (const file of options.envFiles) {
    for (const [name, value] of await readEnvFile(resolve(ports.projectDirectory, file))) all.set(name, value)
  }
  const revealed = await revealAll(ports.secrets, options.env, signal)
  for (const [name, value] of Object.entries(revealed)) all.set(name, value)
  return [...all].map(([name, value]) => `${name}=${value}`)
}

/** By Docker's rules: NAME=value, everything after the first = as it is, lines that begin with # are comments. */
async function readEnvFile(path: string): Promise<readonly (readonly [string, string])[]> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    const says = `${path}, which envFiles names, cannot be read (${systemCodeOf(cause) ?? 'unknown error'}).`
    throw new DeployError('CONFIG_INVALID', says, {
      hint: 'Paths start at the folder of deploy.yaml, on the machine that deploys.',
      cause,
    })
  })
  return text.split('\n').flatMap((written, index) => {
    const line = written.replace(/\r$/, '').trimStart()
    if (line === '' || line.startsWith('#')) return []
    const equals = line.indexOf('=')
    const name = equals === -1 ? '' : line.slice(0, equals)
    if (/^[^\s=]+$/.test(name)) return [[name, line.slice(equals + 1)] as const]
    // the line itself may be a secret
    throw new DeployError('CONFIG_INVALID', `${path}:${index + 1} is not NAME=value.`, {
      hint: 'Each line sets one variable; comments begin with #.',
    })
  })
}
