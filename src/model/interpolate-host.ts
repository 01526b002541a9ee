/**
 * `${host.name}`, `${host.address}`, `${host.variables.X}`, `${host.labels.x}`: what a service is differs by host where
 * its target or its checks speak of the host. They are replaced last, when it is known where the service runs.
 *
 * What a place takes is known only when deploy.yaml is read, so it is noted in the reference then: `${number:host.…}`
 * where a number or a truth value is due, `${secret:host.…}` where a secret may stand. Pure.
 */
import { DeployError } from '../base/deploy-error.js'
import { didYouMean } from '../base/nearest.js'
import type { HostSpec } from './host-spec.js'

/** What may stand where a reference does; a plain text unless it says otherwise. */
export type HostPlace = 'number' | 'secret'

const name = '[A-Za-z_][A-Za-z0-9_-]*'
const pattern = `\\$\\{(?:(number|secret):)?host\\.(${name}(?:\\.[A-Za-z_][A-Za-z0-9_.-]*)?)(?::-([^}]*))?\\}`
const reference = new RegExp(`(\\$?)${pattern}`, 'g')
const wholly = new RegExp(`^${pattern}$`)

/** What of a host can be referred to, as it stands in deploy.yaml. */
export const partsOfHost = ['name', 'address', 'variables.X', 'labels.x']

export function isHostPart(part: string): boolean {
  return /^(name|address|(variables|labels)\..+)$/.test(part)
}

/** The reference with a note of what its place takes. */
export function notePlace(text: string, place: HostPlace | null): string {
  return place === null ? text : `\${${place}:${text.slice(2)}`
}

/** As it was written. */
export function withoutPlaces(text: string): string {
  return text.replace(/(\$?)\$\{(?:number|secret):host\./g, (whole, escape: string) =>
    escape === '' ? '${host.' : whole,
  )
}

/** A value that a host does not have, or that does not fit. */
export interface HostTrouble {
  readonly path: readonly string[]
  readonly message: string
  readonly hint: string
  /** The reference, as written. */
  readonly part: string
}

/** Whether data speaks of its host, or has text that only looks so. */
export function speaksOfHost(data: unknown): boolean {
  if (typeof data === 'string') return data.includes('host.') && data.search(reference) >= 0
  return typeof data === 'object' && data !== null && Object.values(data).some(speaksOfHost)
}

/** The same data for one host. Throws DeployError CONFIG_INVALID that names the host and what it lacks. */
export function withHost<T>(data: T, host: HostSpec, where: string): T {
  const { value, troubles } = forHost(data, host)
  const [first] = troubles
  if (first === undefined) return value
  throw new DeployError('CONFIG_INVALID', `${[where, ...first.path].join('.')}: ${first.message}`, {
    hint: first.hint,
  })
}

/** The same, with everything that is wrong; what cannot be replaced stays as it is. Copies only where something changes. */
export function forHost<T>(
  data: T,
  host: HostSpec,
): { readonly value: T; readonly troubles: readonly HostTrouble[] } {
  const troubles: HostTrouble[] = []
  const value = walk(data, host, [], troubles)
  return { value: value as T, troubles } // texts within the data change, never its shape
}

function walk(data: unknown, host: HostSpec, path: readonly string[], troubles: HostTrouble[]): unknown {
  if (typeof data === 'string') return data.includes('host.') ? inText(data, host, path, troubles) : data
  if (typeof data !== 'object' || data === null) return data
  const entries = Object.entries(data).map(([key, item]): readonly [string, unknown, boolean] => {
    const next = walk(item, host, [...path, key], troubles)
    return [key, next, next !== item]
  })
  if (entries.every(([, , isChanged]) => !isChanged)) return data
  return Array.isArray(data)
    ? entries.map(([, item]) => item)
    : Object.fromEntries(entries.map(([key, item]) => [key, item]))
}

function inText(text: string, host: HostSpec, path: readonly string[], troubles: HostTrouble[]): unknown {
  const trouble = (message: string, part: string, hint: string): string => {
    troubles.push({ path, message, hint, part: withoutPlaces(part) })
    return part
  }
  const replaced = text.replace(
    reference,
    (whole, escape: string, place: HostPlace | undefined, part: string, fallback: string | undefined) => {
      if (escape !== '') return whole.slice(1)
      const value = valueOf(part, host) ?? fallback
      if (value === undefined) return trouble(lacks(part, host), whole, hintFor(part, host, whole))
      if (place === 'secret') return value
      if (/(?<!\$)\$\{secret\./.test(value)) {
        const hint = 'Secrets belong in places made for them, such as the env of a container.'
        return trouble(`${part} of ${host.name} holds a secret, which may not be used here`, whole, hint)
      }
      return value.replace(/\$(\$\{secret\.)/g, '$1')
    },
  )
  const [, place] = wholly.exec(text) ?? []
  return place === 'number' ? typed(replaced, host, text, trouble) : replaced
}

function typed(
  text: string,
  host: HostSpec,
  written: string,
  trouble: (message: string, part: string, hint: string) => string,
): string | number | boolean {
  if (/^-?[0-9]+(\.[0-9]+)?$/.test(text)) return Number(text)
  if (text === 'true' || text === 'false') return text === 'true'
  if (text === written) return text // told already
  const message = `${withoutPlaces(written)} is "${text}" on ${host.name}, where text has no place`
  return trouble(message, written, 'Give that host a number, or true or false.')
}

function valueOf(part: string, host: HostSpec): string | undefined {
  if (part === 'name') return host.name
  if (part === 'address') return host.address
  const [kind, key] = keyOf(part)
  const map = kind === 'labels' ? host.labels : host.variables
  return Object.hasOwn(map, key) ? map[key] : undefined
}

function keyOf(part: string): readonly [string, string] {
  const dot = part.indexOf('.')
  return [part.slice(0, dot), part.slice(dot + 1)]
}

function lacks(part: string, { name: host }: HostSpec): string {
  const [kind, key] = keyOf(part)
  return `the host ${host} has no ${kind === 'labels' ? 'label' : 'variable'} "${key}"`
}

function hintFor(part: string, host: HostSpec, written: string): string {
  const [kind, key] = keyOf(part)
  const near = didYouMean(key, Object.keys(kind === 'labels' ? host.labels : host.variables)).trim()
  const how = `Give it one below ${kind} of that host, or a default here: ${withoutPlaces(written).slice(0, -1)}:-default}.`
  return `${near} ${how}`.trim()
}
