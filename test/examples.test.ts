/** Every example is a project without problems that can be planned, in each of its environments. */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { composeUseCases, validateFile } from '../src/wire.js'
import { testWith } from './support/needs.js'

const root = join(import.meta.dirname, '..')
const examples = ['deploy.yaml', 'examples/npm-package/deploy.yaml']

interface Example {
  readonly environments: Readonly<Record<string, unknown>>
  readonly sources: Readonly<Record<string, { readonly type: string }>>
}

test('this test knows every example', () => {
  const found = readdirSync(join(root, 'examples')).flatMap((name) => {
    const file = `examples/${name}/deploy.yaml`
    return existsSync(join(root, file)) ? [file] : []
  })
  expect(['deploy.yaml', ...found]).toEqual(examples)
})

describe.each(examples)('%s', (example) => {
  const file = join(root, example)
  const { environments, sources } = parse(readFileSync(file, 'utf8')) as Example
  const usesRegistry = Object.values(sources).some((source) => source.type === 'npm')

  for (const environment of Object.keys(environments)) {
    test(`is valid for ${environment}`, async () => {
      const { problems, warnings } = await validateFile({ file, shown: example, environment, env: {} })
      expect({ problems, warnings }).toEqual({ problems: [], warnings: [] })
    })

    const planTest = usesRegistry ? testWith('npm-registry') : test
    planTest(`can be planned for ${environment}`, async () => {
      // a copy, since a developer may have deployed the example in place
      const folder = await mkdtemp(join(tmpdir(), 'deployctl-example-'))
      try {
        for (const name of [example, 'examples'])
          await cp(join(root, name), join(folder, name), { recursive: true })
        const open = {
          file: join(folder, example),
          shown: example,
          environment,
          env: process.env,
          warn: () => undefined,
        }
        const { useCases } = await composeUseCases(open)
        const plan = await useCases.planRelease({ services: [] }, new AbortController().signal)
        expect(plan.changes.every((change) => change.kind === 'create')).toBe(true)
        expect(plan.steps.length).toBeGreaterThan(1)
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
    })
  }
})
