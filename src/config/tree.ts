/** Looking into plain data that has not been validated yet, without ever trusting its shape. */
import type { Json } from '../base/hash.js'

export type JsonMap = { readonly [key: string]: Json }
/** Keys, and places in lists as digits, from the root of a document. */
export type Path = readonly string[]

export function isMap(value: Json | undefined): value is JsonMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}

/** The value of a key or of a place in a list; undefined when there is none. */
export function childOf(value: Json | undefined, segment: string): Json | undefined {
  if (isList(value)) return value[Number(segment)]
  return isMap(value) && Object.hasOwn(value, segment) ? value[segment] : undefined
}

export function valueAt(tree: Json, path: Path): Json | undefined {
  return path.reduce<Json | undefined>(childOf, tree)
}

/** The entries of a map below a key; none when it is no map. */
export function entriesAt(tree: Json | undefined, key: string): readonly (readonly [string, Json])[] {
  const child = childOf(tree, key)
  return isMap(child) ? Object.entries(child) : []
}

export function textAt(tree: Json | undefined, key: string): string | undefined {
  const child = childOf(tree, key)
  return typeof child === 'string' ? child : undefined
}

/** The texts of a list below a key, each with its place in the list. */
export function textsAt(tree: Json | undefined, key: string): readonly (readonly [string, string])[] {
  const child = childOf(tree, key)
  if (!isList(child)) return []
  return child.flatMap((item, index) => (typeof item === 'string' ? [[String(index), item] as const] : []))
}
