/** TypeScript types of a merged document, from its schema. */
import type { JsonSchema } from '../../src/model/schema.js'
import { asSchema, mapSchemas } from './assemble.js'

const banner = `/**
 * deploy.yaml as it is written, once merged and interpolated. Made from the schema by \`npm run generate\`: do not edit.
 */
/* eslint-disable */`

export async function writtenTypes(merged: JsonSchema): Promise<string> {
  const { compile } = await import('json-schema-to-typescript')
  // the compiler takes any JSON schema; ours is plain JSON typed as such
  const schema = structuredClone(mapSchemas(merged, forTypes)) as Parameters<typeof compile>[0]
  const text = await compile(schema, 'WrittenConfig', {
    bannerComment: banner,
    ignoreMinAndMaxItems: true,
    additionalProperties: false,
    style: { semi: false, singleQuote: true, printWidth: 110 },
  })
  // only the root is imported; its parts are reached through it
  return text
    .replace(/^export interface (?!WrittenConfig\b)/gm, 'interface ')
    .replace(/^export type /gm, 'type ')
}

/** Rules on keys say nothing about types, free keys are not read, and a union by `type` is just its members. */
function forTypes(node: JsonSchema): JsonSchema {
  const { examples: _examples, not: _not, default: _default, ...rest } = node
  const alternatives = rest['oneOf']
  if ('discriminator' in rest) return { description: rest['description'] ?? '', oneOf: rest['oneOf'] ?? [] }
  const { oneOf: _rules, ...plain } = rest
  const result =
    Array.isArray(alternatives) && alternatives.every((item) => 'required' in asSchema(item)) ? plain : rest
  if ('patternProperties' in result && !('properties' in result)) {
    const { patternProperties, ...open } = result
    const values = Object.entries(asSchema(patternProperties)).find(([pattern]) => pattern !== '^x-')?.[1]
    return { ...open, additionalProperties: values ?? false }
  }
  return result
}
