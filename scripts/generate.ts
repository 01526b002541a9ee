/**
 * Makes everything that follows from the schema: schema/deploy.schema.json for editors, src/model/written-config.ts,
 * and the validator in src/config/generated/. Run by `npm run generate`; does nothing when nothing has changed.
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { digestOf, sha256 } from '../src/base/hash.js'
import type { JsonSchema } from '../src/model/schema.js'
import { assembleSchema, withFreeKeys } from './schema/assemble.js'
import { editorSchema } from './schema/editor-schema.js'
import { fragments } from './schema/fragments.js'
import { standaloneValidator } from './schema/validator.js'
import { writtenTypes } from './schema/written-types.js'

const root = join(import.meta.dirname, '..')
const generated = join(root, 'src', 'config', 'generated')

async function generate(): Promise<void> {
  const merged = assembleSchema(fragments)
  writeIfChanged(
    join(root, 'schema', 'deploy.schema.json'),
    `${JSON.stringify(editorSchema(merged), null, 2)}\n`,
  )
  mkdirSync(generated, { recursive: true })
  const schemaDigest = digestOf([
    merged,
    textsOf(join(root, 'scripts')),
    textOf(join(root, 'package-lock.json')),
  ])
  await generateFromSchema(merged, schemaDigest)
  // a cached config must not outlive a change of the program that found it valid
  const cacheVersion = digestOf([schemaDigest, textsOf(join(root, 'src'))])
  writeIfChanged(join(generated, 'cache-version.js'), `export const cacheVersion = '${cacheVersion}'\n`)
  writeIfChanged(join(generated, 'cache-version.d.ts'), `export const cacheVersion: string\n`)
}

async function generateFromSchema(merged: JsonSchema, schemaDigest: string): Promise<void> {
  const typesFile = join(root, 'src', 'model', 'written-config.ts')
  const stampFile = join(generated, 'stamp')
  // the types are committed, so a stamp alone does not say that they are of this schema
  if (textOf(stampFile) === `${schemaDigest}\n${sha256(textOf(typesFile))}\n`) return

  const strict = withFreeKeys(merged)
  const types = await writtenTypes(merged)
  writeIfChanged(typesFile, types)
  writeIfChanged(join(generated, 'validate.js'), await standaloneValidator(strict, root))
  writeIfChanged(join(generated, 'validate.d.ts'), validatorTypes)
  writeIfChanged(join(generated, 'merged-schema.js'), `export default ${JSON.stringify(strict)}\n`)
  writeIfChanged(join(generated, 'merged-schema.d.ts'), schemaTypes)
  writeFileSync(stampFile, `${schemaDigest}\n${sha256(types)}\n`)
}

const validatorTypes = `export interface Violation {
  readonly keyword: string
  readonly instancePath: string
  readonly schemaPath: string
  readonly params: { readonly [name: string]: unknown }
}
declare const validate: { (data: unknown): boolean; errors?: readonly Violation[] | null }
export default validate
`
const schemaTypes = `import type { JsonSchema } from '../../model/schema.js'
declare const schema: JsonSchema
export default schema
`

/** Left alone when it is the same, so that watchers and caches by time are not woken. */
function writeIfChanged(file: string, text: string): void {
  if (textOf(file) !== text) writeFileSync(file, text)
}

function textOf(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}

/** The text of every TypeScript file below a folder, in a fixed order. */
function textsOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.includes('generated'))
    .sort()
    .map((name) => textOf(join(folder, name)))
}

await generate()
