/** Real ports for the tests of small drivers: the real clock and shell, secrets from a table, a folder of their own. */
import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Ports } from '../../src/model/ports.js'
import type { Secrets } from '../../src/model/secrets.js'
import { DeployError } from '../../src/base/deploy-error.js'
import { systemClock } from '../../src/drivers/system/system-clock.js'
import { systemShell } from '../../src/drivers/system/system-shell.js'

export interface DriverPorts extends Ports {
  remove(): Promise<void>
}

export async function driverPorts(values: Readonly<Record<string, string>> = {}): Promise<DriverPorts> {
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'deployctl-driver-')))
  return {
    clock: systemClock,
    shell: systemShell,
    secrets: secretsFrom(values),
    projectDirectory: directory,
    cacheDirectory: join(directory, 'cache'),
    machine: { hostName: 'test', user: 'tester', pid: process.pid },
    program: [process.execPath, ...process.argv.slice(1, 2)],
    env: process.env,
    remove: () => rm(directory, { recursive: true, force: true }),
  }
}

function secretsFrom(values: Readonly<Record<string, string>>): Secrets {
  const mask = (text: string) =>
    Object.values(values).reduce((masked, value) => masked.replaceAll(value, '***'), text)
  const maskAll = (data: unknown): unknown => {
    if (typeof data === 'string') return mask(data)
    if (Array.isArray(data)) return data.map(maskAll)
    if (typeof data !== 'object' || data === null) return data
    return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, maskAll(value)]))
  }
  return {
    reveal: async (text) =>
      text.replaceAll(/\$\{secret\.(\w+)\}/g, (_, name: string) => {
        const value = values[name]
        if (value === undefined) throw new DeployError('SECRET_MISSING', `the secret ${name} is missing`)
        return value
      }),
    mask,
    maskAll: <T>(data: T) => maskAll(data) as T, // the same shape, with other strings
  }
}
