/** docs/deploy-yaml.md says what is true: every key is there, and its examples load. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { documentProperties } from '../../src/config/root-schema.js'
import { checkTimingSchemas, serviceSchema } from '../../src/config/service-schema.js'
import { hookSchema } from '../../src/config/hook-schema.js'
import { sourceKeySchemas } from '../../src/config/version-schema.js'
import { loadValid, smallest } from './support/load-text.js'

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'deploy-yaml.md'), 'utf8')
const examples = [...page.matchAll(/```yaml\n([^]*?)```/g)].map(([, text]) => text ?? '')

test('every key is described', () => {
  const schemas = [
    documentProperties,
    serviceSchema['properties'],
    hookSchema['properties'],
    sourceKeySchemas,
    checkTimingSchemas,
  ]
  const keys = schemas.flatMap((properties) => Object.keys(properties ?? {}))
  expect(keys.filter((key) => !page.includes(`\`${key}\``))).toEqual([])
})

test('the first example is a whole file, in each of its environments', async () => {
  for (const environment of [null, 'staging', 'production']) {
    const { warnings } = await loadValid(examples[0] ?? '', { environment })
    expect(warnings).toEqual([])
  }
})

test('the example of anchors is the rest of a file', async () => {
  const rest = smallest.slice(0, smallest.indexOf('services:'))
  expect((await loadValid(`${rest}${examples[1] ?? ''}`)).config.services['web']?.policy.version).toBe('^1.4')
})

test('the example of merging does what it says', async () => {
  const text = `${smallest}variables: { domain: a.test }\n${examples[2] ?? ''}`
  expect((await loadValid(text, { environment: 'staging' })).config.services['web']?.checks).toEqual([])
  const production = (await loadValid(text, { environment: 'production' })).config.services['web']
  expect(production?.policy.version).toBe('1.4.2')
  expect(production?.target).toEqual({ type: 'directory', path: '/srv/web' })
})
