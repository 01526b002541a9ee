// Builds dist/: src/ and what it needs, in pieces (chunks/) of which each command loads those that it uses, started by a
// launcher that keeps V8's code cache. What is large and seldom needed (cloud clients, sigstore) stays outside, in
// node_modules.
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { isBuiltin } from 'node:module'
import { basename, join } from 'node:path'
import { build, transform } from 'esbuild'
import ts from 'typescript'

const root = join(import.meta.dirname, '..')
const dist = join(root, 'dist')
const outside = [
  '@aws-sdk/client-s3',
  '@octokit/rest',
  '@sigstore/bundle',
  '@sigstore/protobuf-specs',
  '@sigstore/verify',
  'dockerode',
  'google-auth-library',
]

// Only ES modules can be split; `code` turns each piece into CommonJS, which starts faster and can be cached.
const { outputFiles } = await build({
  entryPoints: [join(root, 'src', 'main.ts')],
  bundle: true,
  write: false,
  outdir: dist,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  splitting: true,
  external: outside,
  // yaml's Node entry is CommonJS, of which nothing can be left out; its browser entry is the same code as ESM
  alias: { yaml: join(root, 'node_modules', 'yaml', 'browser', 'index.js') },
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'none',
  logLevel: 'warning',
})
const pieces = await Promise.all(
  outputFiles.map(async ({ path, text }) => ({ name: basename(path), code: await code(text) })),
)

const digest = createHash('sha256')
for (const piece of pieces) digest.update(`${piece.name}\n${piece.code}\n`)
const launcher = readFileSync(join(import.meta.dirname, 'launcher.cjs'), 'utf8')
const name = digest.digest('hex').slice(0, 16)

rmSync(dist, { recursive: true, force: true })
mkdirSync(join(dist, 'chunks'), { recursive: true })
for (const piece of pieces) writeFileSync(join(dist, 'chunks', piece.name), piece.code)
writeFileSync(join(dist, 'deployctl.cjs'), launcher.replace('{{digest}}', name))
chmodSync(join(dist, 'deployctl.cjs'), 0o755)

/** A piece as the launcher runs it: a function expression that takes what a module gets, in ASCII. */
async function code(text) {
  // A script that vm runs has no import() of its own: the launcher passes one in for packages.
  let own = text
  for (const name of outside) own = own.replaceAll(`import("${name}")`, `__import("${name}")`)
  const supported = { 'dynamic-import': false } // those of other pieces become require()
  const options = {
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    charset: 'ascii',
    supported,
    minify: false,
  }
  const { code: plain } = await transform(own, { ...options, minifyWhitespace: true })
  refuseForeignRequires(plain)
  // what cannot be escaped (raw text) would be read letter by letter, and be another text
  const foreign = /[^\0-\x7f].{0,40}/.exec(plain)
  if (foreign !== null) throw new Error(`the bundle has letters beyond ASCII: ${foreign[0]}`)
  return `(function(exports,require,module,__filename,__dirname,__import){${plain}\n})`
}

/** A package that was bundled by name only would be missing on a user's machine: it is found here. */
function refuseForeignRequires(plain) {
  const tree = ts.createSourceFile('piece.cjs', plain, ts.ScriptTarget.ESNext)
  const visit = (node) => {
    if (ts.isCallExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === 'require') {
      const [target] = node.arguments
      const known = target !== undefined && ts.isStringLiteralLike(target) && isKnown(target.text)
      if (!known) throw new Error(`the bundle requires what the launcher cannot load: ${node.getText(tree)}`)
    }
    node.forEachChild(visit)
  }
  visit(tree)
}

function isKnown(specifier) {
  return specifier.startsWith('./') || specifier.startsWith('node:') || isBuiltin(specifier)
}
