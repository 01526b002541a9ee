// Builds dist/: the whole of src/ and what it needs to start in one file, started by a launcher that keeps V8's code
// cache. Packages that are large and seldom needed (cloud clients) stay outside and are loaded when they are used.
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { build } from 'esbuild'
import ts from 'typescript'

const root = join(import.meta.dirname, '..')
const dist = join(root, 'dist')
const outside = [
  '@aws-sdk/client-s3',
  '@octokit/rest',
  '@sigstore/bundle',
  '@sigstore/protobuf-specs',
  '@sigstore/verify',
  'google-auth-library',
]

const result = await build({
  entryPoints: [join(root, 'src', 'main.ts')],
  bundle: true,
  write: false,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  external: outside,
  // yaml's Node entry is CommonJS, of which nothing can be left out; its browser entry is the same code as ESM
  alias: { yaml: join(root, 'node_modules', 'yaml', 'browser', 'index.js') },
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'none',
  charset: 'ascii',
  logLevel: 'warning',
})

let text = result.outputFiles[0].text
// A script that vm runs has no import() of its own: the launcher passes one in.
for (const name of outside) text = text.replaceAll(`import("${name}")`, `__import("${name}")`)
refuseOtherImports(text)
text = `(function(exports,require,module,__filename,__dirname,__import){${text}\n})`

const digest = createHash('sha256').update(text).digest('hex').slice(0, 16)
const launcher = readFileSync(join(import.meta.dirname, 'launcher.cjs'), 'utf8').replace('{{digest}}', digest)

rmSync(dist, { recursive: true, force: true })
mkdirSync(dist, { recursive: true })
writeFileSync(join(dist, 'main.cjs'), text)
writeFileSync(join(dist, 'deployctl.cjs'), launcher)
chmodSync(join(dist, 'deployctl.cjs'), 0o755)

/** An import() that is left would only fail when it is reached, on a user's machine. */
function refuseOtherImports(code) {
  const tree = ts.createSourceFile('main.cjs', code, ts.ScriptTarget.ESNext)
  const visit = (node) => {
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      throw new Error(`the bundle has an import() that the launcher does not know: ${node.getText(tree)}`)
    }
    node.forEachChild(visit)
  }
  visit(tree)
}
