/**
 * Puts the drivers' fragments and the root schema together. Pure: fragments in, one schema out, in a fixed order.
 *
 * It lives with the scripts because config and drivers are neighbours: only a script may see both.
 */
import type { JsonSchema } from '../../src/model/schema.js'
import { freeKeyPattern } from '../../src/config/name-patterns.js'
import { checkTimingSchemas } from '../../src/config/service-schema.js'
import {
  mergedSchema,
  notifierEventsSchema,
  ownDefinitions,
  sourceVerifySchema,
} from '../../src/config/root-schema.js'
import { sourceKeySchemas } from '../../src/config/version-schema.js'

export interface Fragments {
  readonly sources: FragmentsByType
  readonly targets: FragmentsByType
  readonly strategies: FragmentsByType
  readonly checks: FragmentsByType
  readonly notifiers: FragmentsByType
  readonly stores: FragmentsByType
  readonly secrets: FragmentsByType
  readonly leases: FragmentsByType
}
export type FragmentsByType = { readonly [type: string]: JsonSchema }

/** One kind of driver: the name of its union, and the keys that config adds to each of its fragments. */
interface Kind {
  readonly union: string
  readonly description: string
  readonly added: { readonly [key: string]: JsonSchema }
}

const kinds: { readonly [K in keyof Fragments]: Kind } = {
  sources: {
    union: 'source',
    description: 'Where releases come from.',
    added: { ...sourceKeySchemas, verify: sourceVerifySchema },
  },
  targets: { union: 'target', description: 'What runs a service.', added: {} },
  strategies: { union: 'strategy', description: 'How a service is switched.', added: {} },
  checks: { union: 'check', description: 'A health check.', added: checkTimingSchemas },
  notifiers: { union: 'notifier', description: 'Somebody to tell.', added: { events: notifierEventsSchema } },
  stores: { union: 'store', description: 'Where state is kept.', added: {} },
  secrets: { union: 'secretProvider', description: 'Where a secret comes from.', added: {} },
  leases: { union: 'lease', description: 'What the agents of several hosts share.', added: {} },
}

/** The schema of a merged document, with every definition it needs. */
export function assembleSchema(fragments: Fragments): JsonSchema {
  const definitions: Record<string, JsonSchema> = { ...ownDefinitions }
  // every key of kinds is one of Fragments, by its type
  for (const [key, kind] of Object.entries(kinds) as [keyof Fragments, Kind][]) {
    const byType = fragments[key]
    const types = Object.keys(byType).sort()
    if (types.length === 0)
      throw new Error(`no ${key} in the catalog: a schema without them would admit nothing`)
    for (const type of types) {
      definitions[`${kind.union}-${type}`] = extended(type, byType[type] ?? {}, kind)
    }
    definitions[kind.union] = {
      type: 'object',
      description: kind.description,
      required: ['type'],
      discriminator: { propertyName: 'type' },
      oneOf: types.map((type) => ({ $ref: `#/$defs/${kind.union}-${type}` })),
    }
  }
  return { $schema: 'http://json-schema.org/draft-07/schema#', ...mergedSchema, $defs: definitions }
}

/** A fragment with the keys that config adds; `type` stays first, as people write it. */
function extended(type: string, fragment: JsonSchema, kind: Kind): JsonSchema {
  const own = asSchema(fragment['properties'])
  if (asSchema(own['type'])['const'] !== type) {
    throw new Error(`the schema of ${kind.union} "${type}" must have properties.type.const "${type}"`)
  }
  if (JSON.stringify(fragment).includes('"$ref"')) {
    throw new Error(`the schema of ${kind.union} "${type}" has a $ref: write it in place`)
  }
  return { ...fragment, properties: { ...own, ...kind.added } }
}

/** Every map with known keys also takes `x-` keys. Done last, so that types and texts are made without them. */
export function withFreeKeys(schema: JsonSchema): JsonSchema {
  return mapSchemas(schema, (node) =>
    node['properties'] !== undefined && node['additionalProperties'] === false
      ? { ...node, patternProperties: { [freeKeyPattern]: {}, ...asSchema(node['patternProperties']) } }
      : node,
  )
}

const maps = ['properties', 'patternProperties', '$defs']
const lists = ['oneOf', 'anyOf', 'allOf']
const singles = ['items', 'additionalProperties', 'not']

/** Rebuilds a schema from the leaves up, each sub-schema through `change`. */
export function mapSchemas(schema: JsonSchema, change: (node: JsonSchema) => JsonSchema): JsonSchema {
  const entries = Object.entries(schema).map(([keyword, value]): [string, unknown] => {
    if (maps.includes(keyword)) {
      return [
        keyword,
        Object.fromEntries(
          Object.entries(asSchema(value)).map(([key, item]) => [key, mapSchemas(asSchema(item), change)]),
        ),
      ]
    }
    if (lists.includes(keyword) && Array.isArray(value)) {
      return [keyword, value.map((item) => mapSchemas(asSchema(item), change))]
    }
    if (singles.includes(keyword) && typeof value === 'object') {
      return [keyword, mapSchemas(asSchema(value), change)]
    }
    return [keyword, value]
  })
  return change(asSchema(Object.fromEntries(entries)))
}

/** A schema is plain data: anything that is no map stands for the one that admits everything. */
export function asSchema(value: unknown): JsonSchema {
  // the values of a schema are JSON, being written as literals in this repository
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonSchema) : {}
}
