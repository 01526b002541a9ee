/**
 * The schema for editors, of a document before it is merged and interpolated: a reference may stand where a number or
 * a duration will be, an environment may override any part of anything, and `null` removes a key.
 */
import type { JsonSchema } from '../../src/model/schema.js'
import { documentProperties, environmentSchema } from '../../src/config/root-schema.js'
import { asSchema, mapSchemas, withFreeKeys } from './assemble.js'

const annotations = ['description', 'examples', 'default', 'title']
const scalarTypes = ['integer', 'number', 'boolean']
const textLimits = ['pattern', 'minLength', 'maxLength', 'format']
const reference: JsonSchema = {
  type: 'string',
  pattern: '\\$\\{',
  description: 'A text with a reference such as ${var.name} or ${env.NAME:-default}.',
}

export function editorSchema(merged: JsonSchema): JsonSchema {
  const written = mapSchemas({ ...merged, properties: documentProperties }, allowReferences)
  const definitions = asSchema(written['$defs'])
  const scalars = Object.keys(definitions).filter((name) => !isStructure(asSchema(definitions[name])))
  const override = (schema: JsonSchema) => mapSchemas(schema, (node) => allowParts(node, scalars))
  const overrides = Object.entries(definitions)
    .filter(([name]) => !scalars.includes(name))
    .map(([name, definition]) => [`${name}-override`, override(asSchema(definition))] as const)
  return withFreeKeys({
    ...written,
    title: 'deploy.yaml',
    description: 'What deployctl deploys, where, and how.',
    $defs: {
      reference,
      ...definitions,
      ...Object.fromEntries(overrides),
      environment: override(mapSchemas(environmentSchema, allowReferences)),
    },
  })
}

/** A reference is text: wherever text of any kind is not admitted already, it is admitted besides. */
function allowReferences(node: JsonSchema): JsonSchema {
  const types = [node['type']].flat().filter((type) => typeof type === 'string')
  const admitsAnyText = types.includes('string') && !textLimits.some((limit) => limit in node)
  const isScalar =
    types.some((type) => scalarTypes.includes(type)) || types.includes('string') || 'enum' in node
  if (!isScalar || admitsAnyText) return node
  return withAlternatives(node, [{ $ref: '#/$defs/reference' }])
}

/** In an override nothing is required, every part may be alone, and null removes. */
function allowParts(node: JsonSchema, scalars: readonly string[]): JsonSchema {
  const { required: _required, discriminator: _discriminator, oneOf, not: _not, ...rest } = node
  // alternatives by `type` become any of them, since an override may leave the type out; rules on keys are dropped
  const parts =
    Array.isArray(oneOf) && oneOf.every((item) => '$ref' in asSchema(item)) ? { anyOf: oneOf } : {}
  const result: JsonSchema = { ...rest, ...parts }
  if ('properties' in result) return { ...result, properties: nullableEach(result['properties'], []) }
  if ('patternProperties' in result) {
    return { ...result, patternProperties: nullableEach(result['patternProperties'], ['^x-']) }
  }
  const ref = result['$ref']
  if (
    typeof ref === 'string' &&
    !scalars.includes(ref.slice('#/$defs/'.length)) &&
    !ref.endsWith('/reference')
  ) {
    return { ...result, $ref: `${ref}-override` }
  }
  return result
}

function nullableEach(properties: unknown, except: readonly string[]): JsonSchema {
  return Object.fromEntries(
    Object.entries(asSchema(properties)).map(([key, item]) => {
      const schema = asSchema(item)
      return [
        key,
        except.includes(key) || 'const' in schema ? schema : withAlternatives(schema, [{ type: 'null' }]),
      ]
    }),
  )
}

/** `anyOf` the schema and others; what describes it stays outside, where editors look. */
function withAlternatives(schema: JsonSchema, others: readonly JsonSchema[]): JsonSchema {
  const outside = Object.fromEntries(Object.entries(schema).filter(([key]) => annotations.includes(key)))
  const inside = Object.fromEntries(Object.entries(schema).filter(([key]) => !annotations.includes(key)))
  const onlyAlternatives = Object.keys(inside).length === 1 && Array.isArray(inside['anyOf'])
  const first = onlyAlternatives && Array.isArray(inside['anyOf']) ? inside['anyOf'].map(asSchema) : [inside]
  return { ...outside, anyOf: [...first, ...others] }
}

function isStructure(definition: JsonSchema): boolean {
  return definition['type'] === 'object'
}
