import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { parse } from 'yaml'
import { describe, expect, test } from 'vitest'
import { fragments } from '../../scripts/schema/fragments.js'
import { asSchema, assembleSchema, mapSchemas } from '../../scripts/schema/assemble.js'
import { editorSchema } from '../../scripts/schema/editor-schema.js'
import { writtenTypes } from '../../scripts/schema/written-types.js'
import * as defaults from '../../src/config/defaults.js'
import { checkTimingSchemas } from '../../src/config/service-schema.js'
import { documentProperties, notifierEventsSchema } from '../../src/config/root-schema.js'
import { hookSchema } from '../../src/config/hook-schema.js'
import { sourceKeySchemas } from '../../src/config/version-schema.js'
import type { JsonSchema } from '../../src/model/schema.js'
import { smallest } from './support/load-text.js'

const root = join(import.meta.dirname, '..', '..')
const merged = assembleSchema(fragments)
const editor = editorSchema(merged)
const again = 'run `npm run generate` and commit what it makes'

describe('what is committed is what the code says', () => {
  test('schema/deploy.schema.json', () => {
    const committed = readFileSync(join(root, 'schema', 'deploy.schema.json'), 'utf8')
    expect(committed === `${JSON.stringify(editor, null, 2)}\n`, again).toBe(true)
  })

  test('src/model/written-config.ts', async () => {
    const committed = readFileSync(join(root, 'src', 'model', 'written-config.ts'), 'utf8')
    expect(committed === (await writtenTypes(merged)), again).toBe(true)
  })
})

test('every property has a description and an example', () => {
  const poor: string[] = []
  const visit = (schema: JsonSchema, path: string) => {
    mapSchemas(schema, (node) => {
      for (const [key, value] of Object.entries(asSchema(node['properties']))) {
        const property = asSchema(value)
        const isDescribed = typeof property['description'] === 'string' && property['description'] !== ''
        const hasExample = Array.isArray(property['examples']) && property['examples'].length > 0
        if (!isDescribed || !hasExample) poor.push(`${path}: ${key}`)
      }
      return node
    })
  }
  for (const [name, definition] of Object.entries(asSchema(editor['$defs']))) {
    if (!name.endsWith('-override') && name !== 'environment') visit(asSchema(definition), name)
  }
  visit({ properties: editor['properties'] ?? {} }, 'root')
  expect(poor).toEqual([])
})

test('every example is valid where it stands', () => {
  const ajv = editorValidator()
  const wrong: string[] = []
  for (const [name, definition] of Object.entries(asSchema(editor['$defs']))) {
    if (name.endsWith('-override') || name === 'environment') continue
    for (const [key, value] of Object.entries(asSchema(asSchema(definition)['properties']))) {
      const examples = asSchema(value)['examples']
      const ref = `editor#/$defs/${name}/properties/${key}`
      for (const example of Array.isArray(examples) ? examples : []) {
        if (!ajv.validate(ref, example))
          wrong.push(`${name}.${key}: ${JSON.stringify(example)} ${ajv.errorsText()}`)
      }
    }
  }
  expect(wrong).toEqual([])
})

test('the defaults that editors show are those that are meant', () => {
  const shown = (schema: JsonSchema | undefined) => schema?.['default']
  const shownIn = (schema: JsonSchema | undefined) =>
    Object.fromEntries(
      Object.entries(asSchema(schema?.['properties'])).map(([key, value]) => [key, shown(asSchema(value))]),
    )
  const hook = asSchema(hookSchema['properties'])
  expect({
    state: shown(documentProperties['state']),
    strategy: shown(documentProperties['strategy']),
    parallelism: shown(documentProperties['parallelism']),
    cache: shownIn(documentProperties['cache']),
    check: Object.fromEntries(
      Object.entries(checkTimingSchemas).map(([key, schema]) => [key, schema.default]),
    ),
    hookTimeout: shown(asSchema(hook['timeout'])),
    events: shown(notifierEventsSchema),
    source: Object.fromEntries(
      Object.entries(sourceKeySchemas).map(([key, schema]) => [key, schema.default]),
    ),
    ssh: shownIn(documentProperties['ssh']),
    inventoryTimeout: /"default":"([^"]+)"/.exec(JSON.stringify(documentProperties['hosts']))?.[1],
  }).toEqual({
    state: defaults.defaultState,
    strategy: defaults.defaultStrategy,
    parallelism: defaults.defaultParallelism,
    cache: defaults.cacheDefaults,
    check: defaults.checkDefaults,
    hookTimeout: defaults.hookTimeout,
    events: defaults.notifierEvents,
    source: { ...defaults.policyDefaults, gracePeriod: defaults.gracePeriod },
    ssh: { config: undefined, ...defaults.sshDefaults },
    inventoryTimeout: defaults.inventoryTimeout,
  })
})

describe('in an editor', () => {
  const valid = editorValidator().getSchema('editor')
  const accepts = (text: string) => valid?.(parse(text, { merge: true })) === true

  test('a document before it is merged and interpolated is fine', () => {
    expect(accepts(smallest)).toBe(true)
    expect(
      accepts(`${smallest}x-anything: [1]
parallelism: "\${var.many}"
onFailure: \${env.REACH}
variables: { many: 3 }
healthChecks:
  ready: { type: http, url: "http://localhost/\${service.name}", timeout: "\${var.timeout}", x-note: 1 }
environments:
  staging: { parallelism: 1, hooks: { a: null }, healthChecks: { ready: { timeout: null, deadline: 2m } } }
  production:
    services: { web: { version: ^1.4, target: { keepReleases: "\${var.keep}" } }, api: null }
    x-note: free
`),
    ).toBe(true)
  })

  test.each([
    ['an unknown key', 'servces: {}\n'],
    ['an unknown key in an environment', 'environments: { a: { servces: {} } }\n'],
    [
      'an unknown option of a driver in an environment',
      'environments: { a: { services: { web: { target: { pth: x } } } } }\n',
    ],
    ['a word that is no number', 'parallelism: many\n'],
    ['a word that is no duration', 'healthChecks: { a: { type: tcp, port: 1, timeout: soon } }\n'],
    ['a type that is not known', 'notifiers: { a: { type: pager } }\n'],
  ])('%s is underlined', (_, lines) => {
    expect(accepts(`${smallest}${lines}`)).toBe(false)
  })
})

test('the same fragments always make the same text', () => {
  expect(JSON.stringify(editorSchema(assembleSchema(fragments)))).toBe(JSON.stringify(editor))
})

test('a fragment that does not say its type, or refers elsewhere, is refused', () => {
  const broken = (schema: JsonSchema) => () => assembleSchema({ ...fragments, targets: { new: schema } })
  expect(broken({ type: 'object', properties: {} })).toThrow('must have properties.type.const "new"')
  expect(broken({ properties: { type: { const: 'new' }, a: { $ref: '#/x' } } })).toThrow('has a $ref')
  expect(() => assembleSchema({ ...fragments, targets: {} })).toThrow('no targets in the catalog')
})

/** As editors do: draft-07, without the discriminator, which they do not know. */
function editorValidator(): Ajv {
  const ajv = new Ajv({ strict: false, allErrors: false })
  ajv.addSchema(editor, 'editor')
  return ajv
}
