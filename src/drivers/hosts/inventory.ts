/**
 * The hosts of groups that are not listed in deploy.yaml: a JSON file, or what a command prints. What comes from outside
 * is checked here as strictly as the schema checks deploy.yaml.
 */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { DeployError } from '../../base/deploy-error.js'
import { didYouMean } from '../../base/nearest.js'
import type { HostGroup } from '../../model/host.js'
import type { HostSpec } from '../../model/host-spec.js'
import { addressPattern, hostOf, hostPattern, type WrittenHost } from '../../model/host-entry.js'
import type { Shell } from '../../model/shell.js'
import { fileError } from '../system/file-error.js'

export interface InventoryPorts {
  readonly shell: Shell
  /** Absolute: the folder of deploy.yaml. */
  readonly projectDirectory: string
}

export async function hostsOfGroup(
  name: string,
  group: HostGroup,
  { shell, projectDirectory }: InventoryPorts,
  signal: AbortSignal,
): Promise<readonly HostSpec[]> {
  if (group.kind === 'listed') return group.hosts
  if (group.kind === 'file') {
    const path = resolve(projectDirectory, group.path)
    const text = await readFile(path, 'utf8').catch((error: unknown) => {
      throw fileError(error, `read the inventory of hosts.${name},`, path)
    })
    return readInventory(text, `${group.path} (hosts.${name})`)
  }
  const { run, timeoutMs } = group
  const command = { command: { run }, directory: projectDirectory, timeoutMs }
  const result = await shell.run(command, signal)
  const line = `"${run.join(' ')}" (hosts.${name})`
  if (result.ended === 'exit' && result.exitCode === 0)
    return readInventory(result.stdout, `what ${line} printed`)
  const how =
    result.ended === 'exit' ? `exited with ${result.exitCode ?? 'a signal'}` : `was ended: ${result.ended}`
  throw new DeployError('COMMAND_FAILED', `The inventory command ${line} ${how}.`, {
    details: result.lastLines,
  })
}

/** `where` is named in what is thrown. */
function readInventory(text: string, where: string): readonly HostSpec[] {
  const list = parsed(text, where)
  if (!Array.isArray(list)) throw invalid(where, 'it has to be a list of hosts, such as ["deploy@10.0.1.5"]')
  return list.map((entry: unknown, index) => literal(hostOf(checked(entry, `${where}, entry ${index + 1}`))))
}

/** What comes from outside refers to no secret of deploy.yaml: such a text is only text. */
function literal(host: HostSpec): HostSpec {
  const variables = Object.entries(host.variables).map(([name, text]) => {
    return [name, text.replace(/\$\{secret\./g, (found) => `$${found}`)] as const
  })
  return { ...host, variables: Object.fromEntries(variables) }
}

function parsed(text: string, where: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw invalid(where, `it is no JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
}

type Check = (value: unknown) => boolean

const isText: Check = (value) => typeof value === 'string' && value !== ''
const isMapOfTexts: Check = (value) =>
  isMap(value) && Object.values(value).every((one) => ['string', 'number', 'boolean'].includes(typeof one))

const keys: { readonly [key: string]: { readonly check: Check; readonly what: string } } = {
  name: { check: isText, what: 'a text' },
  address: {
    check: (value) => typeof value === 'string' && new RegExp(addressPattern).test(value),
    what: 'a name or an address',
  },
  user: { check: isText, what: 'a text' },
  port: {
    check: (value) => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 65_535,
    what: 'a number from 1 to 65535',
  },
  labels: { check: isMapOfTexts, what: 'a map of texts' },
  variables: { check: isMapOfTexts, what: 'a map of texts' },
}

function checked(entry: unknown, where: string): WrittenHost {
  if (typeof entry === 'string') {
    if (new RegExp(hostPattern).test(entry)) return entry
    throw invalid(where, `${JSON.stringify(entry)} is no host; it has to be like deploy@10.0.1.5:22`)
  }
  if (!isMap(entry)) throw invalid(where, 'it has to be a text or a map')
  if (!('address' in entry)) throw invalid(where, 'it has no address')
  for (const [key, value] of Object.entries(entry)) {
    const known = keys[key]
    if (known === undefined)
      throw invalid(where, `"${key}" is not known`, didYouMean(key, Object.keys(keys)).trim())
    if (!known.check(value)) throw invalid(where, `${key} has to be ${known.what}`)
  }
  return entry as unknown as WrittenHost // every key has just been checked
}

function isMap(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function invalid(where: string, why: string, hint = ''): DeployError {
  return new DeployError('CONFIG_INVALID', `${where}: ${why}.`, hint === '' ? {} : { hint })
}
