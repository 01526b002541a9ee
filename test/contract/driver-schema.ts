/** What every driver's schema fragment has to be like, for the contract suites. */
import { Ajv } from 'ajv'
import { expect } from 'vitest'
import type { JsonSchema } from '../../src/model/schema.js'

/** Accepts these options and their variations as deploy.yaml would; a driver's tests use it to stay honest. */
export function admits(schema: JsonSchema, options: unknown): boolean {
  return compile(schema)(options)
}

/** Closed, and every property has a description and examples that the schema itself admits. */
export function expectGoodSchema(type: string, schema: JsonSchema): void {
  compile(schema)
  expect(propertyOf(schema, 'type')).toMatchObject({ const: type })
  expectDescribed(schema, type)
}

function compile(schema: JsonSchema) {
  const ajv = new Ajv({ strict: true, strictRequired: false, allErrors: true })
  ajv.addKeyword('x-secret')
  return ajv.compile(schema)
}

function propertyOf(schema: JsonSchema, name: string): unknown {
  return (schema['properties'] as Record<string, unknown> | undefined)?.[name] // an object schema has a table there
}

function expectDescribed(schema: JsonSchema, path: string): void {
  expect(schema['additionalProperties'], `${path} is closed`).toBe(false)
  const properties = schema['properties'] as Record<string, JsonSchema> // as above
  for (const [name, property] of Object.entries(properties)) {
    const where = `${path}.${name}`
    expect(property['description'], `${where} has a description`).toMatch(/^[A-Z].*\.$/)
    const examples = property['examples']
    expect(examples, `${where} has examples`).toEqual(expect.arrayContaining([expect.anything()]))
    for (const example of examples as readonly unknown[]) {
      // an array, as was just seen
      expect(admits(property, example), `${where} admits its example ${JSON.stringify(example)}`).toBe(true)
    }
    if ('default' in property) expect(admits(property, property['default']), `${where}'s default`).toBe(true)
    if ('properties' in property) expectDescribed(property, where)
  }
}
