/** What a schema expects, and what was given instead, in words for people. */
import type { Json } from '../base/hash.js'
import { durationPattern } from '../base/duration.js'
import { percentagePattern, sizePattern } from '../base/size.js'
import type { JsonSchema } from '../model/schema.js'
import { namesInWords } from './name-patterns.js'
import { isList, isMap, textAt } from './tree.js'

const typesInWords: { readonly [type: string]: string } = {
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  null: 'nothing',
}
const patternsInWords: { readonly [pattern: string]: string } = {
  [durationPattern]: 'a duration such as 30s, 5m or 1h30m',
  [sizePattern]: 'a size such as 512MiB or 1.5GB',
  [percentagePattern]: 'a percentage such as 25%',
}

/** `a duration such as 30s`, `one of abort, continue`, `a list`. */
export function expectationOf(schema: JsonSchema): string {
  const known = patternInWords(schema)
  if (known !== undefined) return known
  if (isList(schema['enum'])) return choiceOf(schema['enum'].map(showValue))
  if ('const' in schema) return showValue(schema['const'])
  const types = [schema['type']].flat().filter((type) => typeof type === 'string')
  return orOf(types.map((type) => typesInWords[type] ?? type))
}

export function patternInWords(schema: JsonSchema): string | undefined {
  const pattern = textAt(schema, 'pattern') ?? ''
  return patternsInWords[pattern] ?? namesInWords[pattern]
}

/** The first schema that says it: its description, with its first example. */
export function explanationOf(schemas: readonly JsonSchema[]): string | undefined {
  const description = schemas.map((one) => textAt(one, 'description')).find((text) => text !== undefined)
  const example = schemas.map((one) => one['examples']).find(isList)?.[0]
  const shown = example === undefined || isMap(example) ? '' : `For example: ${showExample(example)}.`
  return description === undefined && shown === '' ? undefined : `${description ?? ''} ${shown}`.trim()
}

export function orOf(items: readonly string[]): string {
  const distinct = [...new Set(items)]
  const last = distinct.at(-1) ?? ''
  return distinct.length < 2 ? last : `${distinct.slice(0, -1).join(', ')} or ${last}`
}

export function choiceOf(items: readonly string[]): string {
  return items.length === 1 ? (items[0] ?? '') : `one of ${items.join(', ')}`
}

/** What stands there, short: `"abc"`, `30`, `a list`, `nothing`. */
export function showValue(value: Json | undefined): string {
  if (value === undefined || value === null) return 'nothing'
  if (isList(value)) return 'a list'
  if (isMap(value)) return 'a map'
  const text = JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 57)}…"` : text
}

function showExample(example: Json): string {
  return typeof example === 'string' ? example : JSON.stringify(example)
}
