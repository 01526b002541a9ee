/** An environment over the project: maps deeply, lists replaced, `null` removes a key. */
import type { Json } from '../base/hash.js'
import { isMap } from './tree.js'

/**
 * The base with the override over it. A null in either stands for a key that is not there. Keys stay where the base
 * has them, since hooks run in the order written; new ones come last.
 */
export function mergeOver(base: Json, override: Json): Json {
  if (!isMap(base) || !isMap(override)) return withoutNulls(override)
  const merged: Record<string, Json> = {}
  for (const [key, value] of Object.entries(base)) {
    const over = Object.hasOwn(override, key) ? override[key] : undefined
    const next = over === undefined ? withoutNulls(value) : mergeOver(value, over)
    if (next !== null) merged[key] = next
  }
  for (const [key, value] of Object.entries(override)) {
    if (!Object.hasOwn(base, key) && value !== null) merged[key] = withoutNulls(value)
  }
  return merged
}

/** The same data where it has no null below a key; a null in a list is a mistake, left for validation to find. */
function withoutNulls(value: Json): Json {
  if (!isMap(value)) return value
  const entries = Object.entries(value)
  const kept = entries.flatMap(([key, item]) => (item === null ? [] : [[key, withoutNulls(item)] as const]))
  const same = kept.length === entries.length && kept.every(([, item], index) => item === entries[index]?.[1])
  return same ? value : Object.fromEntries(kept)
}
