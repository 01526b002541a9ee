/**
 * The validator as a module of its own: compiled ahead of time by ajv and bundled, so that nothing of ajv is loaded
 * when deployctl runs. (Ajv's own `esm: true` still emits `require`, hence CommonJS first and a bundler after it.)
 */
import type { JsonSchema } from '../../src/model/schema.js'

export async function standaloneValidator(schema: JsonSchema, resolveDirectory: string): Promise<string> {
  const { Ajv } = await import('ajv')
  const { default: standalone } = await import('ajv/dist/standalone/index.js')
  const { default: addFormats } = await import('ajv-formats')
  const { build } = await import('esbuild')
  const ajv = new Ajv({
    allErrors: true,
    discriminator: true,
    strictTypes: false,
    strictRequired: false,
    messages: false,
    code: { source: true, esm: false, lines: false, optimize: 1 },
  })
  ajv.addVocabulary(['x-secret'])
  addFormats.default(ajv)
  const code = standalone.default(ajv, ajv.compile(schema))
  const bundled = await build({
    stdin: { contents: code, resolveDir: resolveDirectory, loader: 'js' },
    bundle: true,
    format: 'esm',
    platform: 'neutral',
    minifySyntax: true,
    write: false,
    logLevel: 'error',
  })
  const text = bundled.outputFiles[0]?.text
  if (text === undefined) throw new Error('the bundler returned nothing')
  return `// Made from the schema by \`npm run generate\`: do not edit.\n${text}`
}
