/**
 * What the schema says of one place in a document. Asked for names to suggest, for descriptions in messages, and
 * whether a place may hold a secret; validation itself is the compiled validator's.
 */
import type { Json } from '../base/hash.js'
import type { JsonSchema } from '../model/schema.js'
import schema from './generated/merged-schema.js'
import { freeKeyPattern } from './name-patterns.js'
import { childOf, isList, isMap, textAt, type Path } from './tree.js'

/** Every schema that speaks of the place, the nearest first; where `type` chooses, only the chosen one. */
export function schemasAt(tree: Json, path: Path): readonly JsonSchema[] {
  let value: Json | undefined = tree
  let found = expanded(schema, value)
  for (const segment of path) {
    value = childOf(value, segment)
    const inside = value
    found = found.flatMap((one) => steps(one, segment)).flatMap((one) => expanded(one, inside))
  }
  return found
}

/** Whether a key of a map is one that deployctl does not read. */
export function isFreeKey(key: string, mapSchemas: readonly JsonSchema[]): boolean {
  return (
    key.startsWith('x-') &&
    mapSchemas.some((one) => childOf(one['patternProperties'], freeKeyPattern) !== undefined)
  )
}

/** A schema, and those it stands for: behind `$ref` and in alternatives. */
function expanded(one: JsonSchema, value: Json | undefined): readonly JsonSchema[] {
  const ref = textAt(one, '$ref')
  const target = ref === undefined ? undefined : childOf(schema['$defs'], ref.slice('#/$defs/'.length))
  const behind = isMap(target) ? expanded(target, value) : []
  const alternatives = [one['oneOf'], one['anyOf']]
    .flatMap((list) => (isList(list) ? list : []))
    .filter(isMap)
  const chosen =
    'discriminator' in one
      ? alternatives.filter((item) => isOfType(item, textAt(value, 'type')))
      : alternatives
  return [one, ...behind, ...chosen.flatMap((item) => expanded(item, value))]
}

function isOfType(alternative: JsonSchema, type: string | undefined): boolean {
  return type !== undefined && textAt(alternative, '$ref')?.endsWith(`-${type}`) === true
}

function steps(one: JsonSchema, segment: string): readonly JsonSchema[] {
  const property = childOf(one['properties'], segment)
  if (isMap(property)) return [property]
  const patterns = isMap(one['patternProperties']) ? Object.entries(one['patternProperties']) : []
  const matching = patterns.flatMap(([pattern, item]) =>
    isMap(item) && matches(pattern, segment) ? [item] : [],
  )
  if (matching.length > 0) return matching
  return [one['additionalProperties'], one['items']].filter((item) => isMap(item))
}

const compiled = new Map<string, RegExp>()
function matches(pattern: string, text: string): boolean {
  let regex = compiled.get(pattern)
  if (regex === undefined) {
    regex = new RegExp(pattern, 'u')
    compiled.set(pattern, regex)
  }
  return regex.test(text)
}
