/**
 * The source tree as data: every file of a folder, parsed once with the TypeScript compiler, with its imports resolved
 * to paths. The architecture test asks it questions; parsing rather than searching text keeps strings and comments out.
 */
import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join, posix, relative, sep } from 'node:path'
import ts from 'typescript'

export interface Import {
  /** The file from the root of the repository, or a package's name (`@scope/name`, `node:fs`). */
  readonly to: string
  readonly kind: 'file' | 'package'
  /** Loaded by `import()`. */
  readonly dynamic: boolean
  readonly typeOnly: boolean
  /** Names taken from it; `*` for all of them. */
  readonly names: readonly string[]
  readonly line: number
}

export interface SourceFile {
  /** From the root of the repository, with forward slashes: `src/plan/diff.ts`. */
  readonly path: string
  readonly text: string
  readonly lines: readonly string[]
  readonly imports: readonly Import[]
  /** Values only: a type may be exported for the sake of a signature. */
  readonly exports: readonly { readonly name: string; readonly line: number }[]
  readonly tree: ts.SourceFile
}

const root = join(import.meta.dirname, '..', '..')

/** Every TypeScript file below a folder of the repository, except what a script generates. */
export function sourceFiles(folder: string): SourceFile[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((path) => !path.includes('/generated/'))
    .sort()
    .map(parse)
    .filter((file) => !file.text.slice(0, 300).includes('by `npm run generate`'))
}

/** The 1-based line of a node. */
export function lineOf(tree: ts.SourceFile, node: ts.Node): number {
  return tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1
}

/** Calls `visit` on every node of a file. */
export function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node)
  node.forEachChild((child) => walk(child, visit))
}

function parse(path: string): SourceFile {
  const text = readFileSync(join(root, path), 'utf8')
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true)
  return {
    path,
    text,
    lines: text.split('\n'),
    imports: importsOf(path, tree),
    exports: exportsOf(tree),
    tree,
  }
}

function importsOf(path: string, tree: ts.SourceFile): Import[] {
  const found: Import[] = []
  const add = (specifier: ts.Node | undefined, rest: Omit<Import, 'to' | 'kind' | 'line'>) => {
    if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return
    const line = lineOf(tree, specifier)
    found.push({ ...resolve(path, specifier.text), ...rest, line })
  }
  walk(tree, (node) => {
    if (ts.isImportDeclaration(node)) {
      const typeOnly = node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword
      add(node.moduleSpecifier, { dynamic: false, typeOnly, names: namesTaken(node.importClause) })
    } else if (ts.isExportDeclaration(node)) {
      const named = node.exportClause !== undefined && ts.isNamedExports(node.exportClause)
      const names = named
        ? node.exportClause.elements.map((item) => (item.propertyName ?? item.name).text)
        : ['*']
      add(node.moduleSpecifier, { dynamic: false, typeOnly: node.isTypeOnly, names })
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], { dynamic: true, typeOnly: false, names: ['*'] })
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node.argument.literal, { dynamic: false, typeOnly: true, names: ['*'] })
    }
  })
  return found
}

function namesTaken(clause: ts.ImportClause | undefined): string[] {
  const names = clause?.name === undefined ? [] : ['default']
  const bindings = clause?.namedBindings
  if (bindings === undefined) return names
  if (ts.isNamespaceImport(bindings)) return [...names, '*']
  return [...names, ...bindings.elements.map((element) => (element.propertyName ?? element.name).text)]
}

function resolve(from: string, specifier: string): Pick<Import, 'to' | 'kind'> {
  if (!specifier.startsWith('.')) {
    const parts = specifier.split('/')
    const name = specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? specifier)
    return { to: name.startsWith('node:') ? specifier : name, kind: 'package' }
  }
  const file = posix.join(dirname(from), specifier)
  return { to: file.replace(/\.js$/, '.ts'), kind: 'file' }
}

function exportsOf(tree: ts.SourceFile): { name: string; line: number }[] {
  const found: { name: string; line: number }[] = []
  for (const statement of tree.statements) {
    const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined
    if (modifiers?.some((modifier) => modifier.kind === ts.SyntaxKind.ExportKeyword) !== true) continue
    if (ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)) continue
    if (ts.isVariableStatement(statement)) {
      for (const declaration of statement.declarationList.declarations) {
        if (ts.isIdentifier(declaration.name))
          found.push({ name: declaration.name.text, line: lineOf(tree, statement) })
      }
    } else if ('name' in statement) {
      const name = statement.name as ts.Identifier | undefined // every other exportable declaration has one
      if (name !== undefined) found.push({ name: name.text, line: lineOf(tree, statement) })
    }
  }
  return found
}
