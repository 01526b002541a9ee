/** Every example is a project without problems that can be planned, in each of its environments. */
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { parse } from 'yaml'
import { sourceDrivers } from '../src/drivers/sources/catalog.js'
import { composeUseCases, validateFile } from '../src/wire.js'
import { examplePlaces } from './support/example-places.js'
import { testWith } from './support/needs.js'

const root = join(import.meta.dirname, '..')
const examples = [
  'deploy.yaml',
  'examples/npm-package/deploy.yaml',
  'examples/server-mode/deploy.yaml',
  ...Object.keys(examplePlaces).map((name) => `examples/${name}/deploy.yaml`),
  // planned and deployed in test/e2e/container-examples.test.ts, where there is an engine
  'examples/containers-blue-green/deploy.yaml',
  'examples/containers-canary/deploy.yaml',
]
/** Planned and deployed to real hosts in test/e2e/deploy-to-hosts.test.ts. */
const onHosts = ['examples/fleet/deploy.yaml']
const read = (example: string) => parse(readFileSync(join(root, example), 'utf8')) as Example

interface Example {
  readonly environments: Readonly<Record<string, unknown>>
  readonly sources: Readonly<Record<string, { readonly type: string }>>
}

test('this test knows every example', () => {
  const found = readdirSync(join(root, 'examples')).flatMap((name) => {
    const file = `examples/${name}/deploy.yaml`
    return existsSync(join(root, file)) ? [file] : []
  })
  expect(['deploy.yaml', ...found].sort()).toEqual([...examples, ...onHosts].sort())
})

test('every source has an example, and a page that leads to it', () => {
  const used = examples.flatMap((example) =>
    Object.values(read(example).sources).map(({ type }) => ({ type, example })),
  )
  expect(new Set(used.map(({ type }) => type))).toEqual(new Set(Object.keys(sourceDrivers)))
  for (const { type, example } of used) {
    const page = readFileSync(join(root, 'docs', 'sources', `${type}.md`), 'utf8')
    expect(page, type).toContain(`(../../${example})`)
  }
  const list = readFileSync(join(root, 'examples', 'README.md'), 'utf8')
  for (const type of Object.keys(sourceDrivers)) expect(list).toContain(`(../docs/sources/${type}.md)`)
})

test.each(onHosts)('%s is valid', async (example) => {
  const open = { file: join(root, example), shown: example, environment: null, env: {} }
  const { problems, warnings } = await validateFile(open)
  expect({ problems, warnings }).toEqual({ problems: [], warnings: [] })
})

describe.each(examples)('%s', (example) => {
  const file = join(root, example)
  const { environments, sources } = read(example)
  const place = examplePlaces[basename(dirname(example))]
  const usesRegistry = Object.values(sources).some((source) => source.type === 'npm')

  for (const environment of Object.keys(environments)) {
    test(`is valid for ${environment}`, async () => {
      const { problems, warnings } = await validateFile({ file, shown: example, environment, env: {} })
      expect({ problems, warnings }).toEqual({ problems: [], warnings: [] })
    })

    if (example.startsWith('examples/containers-')) continue
    const needs = usesRegistry ? 'npm-registry' : place?.needs
    const planTest = needs === undefined ? test : testWith(needs)
    planTest(`can be planned for ${environment}`, async () => {
      // a copy, since a developer may have deployed the example in place
      const folder = await mkdtemp(join(tmpdir(), 'deployctl-example-'))
      const releases = await place?.begin()
      try {
        for (const name of [example, 'examples'])
          await cp(join(root, name), join(folder, name), { recursive: true })
        for (const version of place?.versions ?? []) await releases?.publish(version)
        const text = readFileSync(join(folder, example), 'utf8')
        await writeFile(join(folder, example), releases?.rewrite(text) ?? text)
        // Amazon's client looks for a login in the environment of the process
        for (const [name, value] of Object.entries(releases?.env ?? {})) vi.stubEnv(name, value)
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
        vi.unstubAllEnvs()
        await releases?.end()
        await rm(folder, { recursive: true, force: true })
      }
    })
  }
})
