/**
 * The floors and rooms of the house (docs/architecture.md), held by a test because TypeScript does not hold them.
 * Every failure says where, what, and what to do instead.
 */
import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import { lineOf, sourceFiles, walk, type SourceFile } from './support/source-tree.js'

const files = sourceFiles('src')
const others = ['test', 'scripts', 'bench'].flatMap(sourceFiles)
const byPath = new Map(files.map((file) => [file.path, file]))

const floors = [
  ['base'],
  ['model'],
  ['config', 'plan', 'execute', 'drivers'],
  ['app'],
  ['cli', 'wire', 'main'],
]

/** Rooms inside drivers/, and the rooms beside them that they may enter. */
const driverDoors: Record<string, readonly string[]> = {
  system: [],
  artifacts: ['system'],
  verify: ['artifacts', 'system'],
  s3: ['artifacts', 'system'],
  sources: ['s3', 'artifacts', 'system'],
  leases: ['s3', 'artifacts', 'system'],
  hosts: ['system'],
  targets: ['routers', 'artifacts', 'system'],
  routers: ['artifacts', 'system'],
  checks: ['artifacts', 'system'],
  metrics: ['artifacts', 'system'],
  notifiers: ['artifacts', 'system'],
  stores: ['artifacts', 'system'],
  secrets: ['artifacts', 'system'],
  control: ['system'],
}

/** Where each package may be imported. A package that is not here is not in the house: add it with a reason. */
const packageRooms: Record<string, readonly string[]> = {
  yaml: ['src/config/'],
  ajv: ['src/config/'],
  'ajv-formats': ['src/config/'],
  chalk: ['src/cli/'],
  commander: ['src/cli/'],
  diff: ['src/cli/'],
  listr2: ['src/cli/'],
  execa: ['src/drivers/system/'],
  dockerode: ['src/drivers/targets/'],
  '@octokit/rest': ['src/drivers/sources/'],
  'google-auth-library': ['src/drivers/sources/'],
  '@aws-sdk/client-s3': ['src/drivers/s3/', 'src/drivers/sources/', 'src/drivers/leases/'],
  '@sigstore/bundle': ['src/drivers/verify/'],
  '@sigstore/protobuf-specs': ['src/drivers/verify/'],
  '@sigstore/verify': ['src/drivers/verify/'],
  yauzl: ['src/drivers/artifacts/'],
  'p-retry': ['src/drivers/artifacts/'],
  'p-limit': ['src/execute/', 'src/app/', 'src/drivers/'],
  semver: ['src/model/', 'src/plan/'],
}

const heavyPackages = new Set([
  'execa',
  'dockerode',
  'listr2',
  'yauzl',
  'google-auth-library',
  '@octokit/rest',
  '@aws-sdk/client-s3',
  '@sigstore/bundle',
  '@sigstore/protobuf-specs',
  '@sigstore/verify',
])

/** Rooms that decide: they may compute (hashes, paths) but not touch the world. */
const pureRooms = ['base', 'model', 'plan', 'execute', 'app']
const pureBuiltins = new Set(['node:crypto', 'node:path', 'node:util'])

function roomOf(path: string): string {
  return (
    path
      .replace(/^src\//, '')
      .split('/')[0]
      ?.replace(/\.ts$/, '') ?? ''
  )
}
function floorOf(path: string): number {
  return floors.findIndex((rooms) => rooms.includes(roomOf(path)))
}
function driverRoomOf(path: string): string | undefined {
  return /^src\/drivers\/([^/]+)\//.exec(path)?.[1]
}

/** Fails with one line for each violation. */
function expectNone(violations: readonly string[]): void {
  expect(violations, `\n${violations.join('\n')}\n`).toEqual([])
}

function eachImport(
  judge: (file: SourceFile, item: SourceFile['imports'][number]) => string | undefined,
): string[] {
  return files.flatMap((file) =>
    file.imports.flatMap((item) => {
      const verdict = judge(file, item)
      return verdict === undefined ? [] : [`${file.path}:${item.line}: ${verdict}`]
    }),
  )
}

function eachNode(
  apart: (file: SourceFile) => boolean,
  judge: (node: ts.Node, file: SourceFile) => string | undefined,
): string[] {
  const found: string[] = []
  for (const file of files.filter((one) => !apart(one))) {
    walk(file.tree, (node) => {
      const verdict = judge(node, file)
      if (verdict !== undefined) found.push(`${file.path}:${lineOf(file.tree, node)}: ${verdict}`)
    })
  }
  return found
}

/** Whether an identifier names a global here: not a property, a declaration, a type or an object's key. */
function isGlobal(node: ts.Node, name: string): node is ts.Identifier {
  if (!ts.isIdentifier(node) || node.text !== name || isShadowed(node, name)) return false
  const parent = node.parent
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node
  if (ts.isQualifiedName(parent) || ts.isTypeReferenceNode(parent) || ts.isTypeQueryNode(parent)) return false
  if (ts.isPropertyAssignment(parent) || ts.isBindingElement(parent)) return parent.initializer === node
  if (ts.isPropertySignature(parent) || ts.isPropertyDeclaration(parent)) return false
  if (ts.isMethodSignature(parent) || ts.isMethodDeclaration(parent) || ts.isFunctionDeclaration(parent))
    return false
  if (ts.isImportSpecifier(parent) || ts.isExportSpecifier(parent)) return false
  return !(ts.isParameter(parent) || (ts.isVariableDeclaration(parent) && parent.name === node))
}

/** Whether an enclosing scope has a name of its own for it. */
function isShadowed(node: ts.Node, name: string): boolean {
  let scope = node
  while (!ts.isSourceFile(scope)) {
    scope = scope.parent
    if (ts.isFunctionLike(scope) && scope.parameters.some((parameter) => binds(parameter.name, name)))
      return true
    const initializer = ts.isForOfStatement(scope) ? scope.initializer : undefined
    if (initializer !== undefined && declares(initializer, name)) return true
    const statements = ts.isBlock(scope) || ts.isSourceFile(scope) ? scope.statements : []
    if (statements.some((one) => ts.isVariableStatement(one) && declares(one.declarationList, name)))
      return true
  }
  return false
}
function declares(list: ts.Node, name: string): boolean {
  return ts.isVariableDeclarationList(list) && list.declarations.some((one) => binds(one.name, name))
}
function binds(pattern: ts.BindingName, name: string): boolean {
  if (ts.isIdentifier(pattern)) return pattern.text === name
  const elements: readonly ts.ArrayBindingElement[] = pattern.elements
  return elements.some((element) => ts.isBindingElement(element) && binds(element.name, name))
}

function isMember(node: ts.Node, object: string, name: string): boolean {
  return ts.isPropertyAccessExpression(node) && node.name.text === name && isGlobal(node.expression, object)
}

test('the test sees the house', () => {
  expect(files.length).toBeGreaterThan(60)
  expect(files.flatMap((file) => file.imports).length).toBeGreaterThan(150)
  expectNone(
    files.filter((file) => floorOf(file.path) < 0).map((file) => `${file.path}: is in no room: see floors`),
  )
})

describe('doors', () => {
  test('imports go down or stay within a room, types included', () => {
    expectNone(
      eachImport((file, item) => {
        if (item.kind === 'package' || roomOf(file.path) === roomOf(item.to)) return undefined
        const [from, to] = [floorOf(file.path), floorOf(item.to)]
        if (from > to || (from === to && from === floors.length - 1)) return undefined
        const where = from === to ? 'is a neighbour without a door' : 'is on a higher floor'
        return `${item.to} ${where}: move the noun or the contract down to model/, or pass it as an argument`
      }),
    )
  })

  test('drivers of one kind do not know those of another', () => {
    expectNone(
      eachImport((file, item) => {
        const [from, to] = [driverRoomOf(file.path), driverRoomOf(item.to)]
        if (from === undefined || item.kind === 'package' || to === undefined || from === to) return undefined
        if (driverDoors[from]?.includes(to) === true) return undefined
        return `drivers/${from} may not enter drivers/${to}: put what both need into drivers/artifacts or drivers/system, or let wire.ts pass it`
      }),
    )
  })

  test('only wire.ts imports drivers', () => {
    expectNone(
      eachImport((file, item) => {
        if (roomOf(item.to) !== 'drivers' || item.kind === 'package') return undefined
        if (roomOf(file.path) === 'drivers' || file.path === 'src/wire.ts') return undefined
        return `${item.to} is a driver: take it as an argument, and let wire.ts pass it`
      }),
    )
  })

  test('every package stays in its room', () => {
    expectNone(
      eachImport((file, item) => {
        if (item.kind === 'file' || item.to.startsWith('node:')) return undefined
        const rooms = packageRooms[item.to]
        if (rooms === undefined)
          return `the package ${item.to} has no room: give it one in packageRooms, with a reason`
        if (rooms.some((room) => file.path.startsWith(room))) return undefined
        return `the package ${item.to} belongs in ${rooms.join(' or ')}: ask that room through a function or a port`
      }),
    )
  })

  test('heavy packages are loaded when they are used', () => {
    expectNone(
      eachImport((_, item) => {
        if (!heavyPackages.has(item.to) || item.dynamic || item.typeOnly) return undefined
        return `${item.to} slows every start down: \`await import('${item.to}')\` inside the function that needs it`
      }),
    )
  })

  test('rooms that decide do not touch the world', () => {
    expectNone([
      ...eachImport((file, item) => {
        if (!pureRooms.includes(roomOf(file.path)) || !item.to.startsWith('node:')) return undefined
        if (pureBuiltins.has(item.to)) return undefined
        return `${item.to} touches the world: do it in a driver and ask for it through a contract in model/`
      }),
      ...eachNode(
        (file) => !pureRooms.includes(roomOf(file.path)),
        (node) => {
          if (isGlobal(node, 'fetch')) return 'fetch touches the world: do it in a driver'
          if (isMember(node, 'Math', 'random')) return 'chance makes plans differ: derive names from content'
          return undefined
        },
      ),
    ])
  })

  test('children are started through the shell port', () => {
    expectNone(
      eachImport((file, item) => {
        if (item.to !== 'node:child_process' || file.path.startsWith('src/drivers/system/')) return undefined
        return 'use ports.shell, which bounds the output, keeps the deadline and ends the process group'
      }),
    )
  })

  test('no file imports itself through others', () => {
    expectNone(cycles().map((cycle) => `${cycle.join(' → ')}: move what they share into a file of its own`))
  })
})

describe('the outside world', () => {
  const mayTalk = (file: SourceFile) =>
    ['cli', 'main'].includes(roomOf(file.path)) || file.path.startsWith('src/drivers/system/')

  test('console and process are used at the edge only', () => {
    expectNone([
      ...eachNode(mayTalk, (node) => {
        if (isGlobal(node, 'console')) return 'console is for cli: emit an event or return the text'
        if (isGlobal(node, 'process'))
          return 'process is for cli, main and drivers/system: take it through ports'
        return undefined
      }),
      ...eachImport((file, item) =>
        item.to === 'node:process' && !mayTalk(file) ? 'take it through ports (env, machine)' : undefined,
      ),
    ])
  })

  test('the clock is read in drivers/system only', () => {
    const timers = ['setTimeout', 'setInterval', 'performance']
    const instead = 'use ports.clock, so that tests can turn the hands'
    const hasClock = (file: SourceFile) => file.path.startsWith('src/drivers/system/')
    expectNone([
      ...eachNode(hasClock, (node) => {
        if (isMember(node, 'Date', 'now')) return `Date.now(): ${instead}`
        if (isMember(node, 'AbortSignal', 'timeout')) return `AbortSignal.timeout(): ${instead}`
        if (
          ts.isNewExpression(node) &&
          isGlobal(node.expression, 'Date') &&
          (node.arguments?.length ?? 0) === 0
        ) {
          return `new Date(): ${instead}`
        }
        const timer = timers.find((name) => isGlobal(node, name))
        return timer === undefined ? undefined : `${timer}: ${instead}`
      }),
      ...eachImport((file, item) =>
        /^node:(timers|perf_hooks)/.test(item.to) && !hasClock(file) ? `${item.to}: ${instead}` : undefined,
      ),
    ])
  })
})

describe('files', () => {
  const all = [...files, ...others]

  test('no barrels', () => {
    expectNone(
      all.flatMap((file) => {
        if (/(^|\/)index\.ts$/.test(file.path)) return [`${file.path}: name the file after what it exports`]
        const onlyPasses =
          file.tree.statements.length > 0 && file.tree.statements.every(ts.isExportDeclaration)
        return onlyPasses
          ? [`${file.path}: only passes on what others export: import it where it is made`]
          : []
      }),
    )
  })

  test('no folder or file for odds and ends', () => {
    const odd = /(^|\/)(utils?|helpers?|common|shared|lib|misc)(\/|\.ts$)/
    expectNone(
      all.filter((file) => odd.test(file.path)).map((file) => `${file.path}: name it after what it does`),
    )
  })

  test('names are kebab-case', () => {
    const kebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.contract)?(\.test|\.config|\.d)?\.ts$/
    expectNone(
      all
        .filter((file) => !kebab.test(file.path.split('/').at(-1) ?? ''))
        .map((file) => `${file.path}: write the name in kebab-case, after the main export`),
    )
  })

  test('no file is longer than 300 lines', () => {
    expectNone(
      files
        .filter((file) => file.lines.length > 301)
        .map(
          (file) =>
            `${file.path}: ${file.lines.length - 1} lines: find the second subject in it and give it a file`,
        ),
    )
  })

  test('every file begins by saying what it is for', () => {
    expectNone(
      files
        .filter((file) => !/^(#!.*\n)?\/(\*\*|\/)/.test(file.text))
        .map(
          (file) =>
            `${file.path}: begin with a short paragraph: what it is for and why it is a file of its own`,
        ),
    )
  })

  test('every cast says why it is right', () => {
    const explained = (file: SourceFile, line: number) =>
      [line - 2, line - 1, line, line + 1].some((number) =>
        /\/\/|^\s*\/?\*/.test(file.lines[number - 1] ?? ''),
      )
    expectNone(
      eachNode(
        () => false,
        (node, file) => {
          if (!ts.isAsExpression(node) || ['const', 'unknown'].includes(node.type.getText(file.tree))) {
            return undefined
          }
          if (explained(file, lineOf(file.tree, node)) || explained(file, lineOf(file.tree, node.type)))
            return undefined
          return `"as ${node.type.getText(file.tree)}" has no comment: say why it is right, or narrow instead`
        },
      ),
    )
  })

  test('nothing is exported that nobody imports', () => {
    const taken = new Map<string, Set<string>>()
    for (const item of all.flatMap((file) => file.imports)) {
      const names = taken.get(item.to) ?? new Set()
      for (const name of item.names) names.add(name)
      taken.set(item.to, names)
    }
    expectNone(
      files.flatMap((file) => {
        const names = taken.get(file.path)
        if (names?.has('*') === true) return []
        return file.exports
          .filter(({ name }) => names?.has(name) !== true)
          .map(({ name, line }) => `${file.path}:${line}: "${name}" is imported nowhere: do not export it`)
      }),
    )
  })
})

/** Knots of files that import one another (Tarjan); those of types alone count as well. */
function cycles(): string[][] {
  const index = new Map<string, number>()
  const low = new Map<string, number>()
  const stack: string[] = []
  const found: string[][] = []
  const visit = (path: string): void => {
    const order = index.size
    index.set(path, order)
    low.set(path, order)
    stack.push(path)
    for (const { to } of byPath.get(path)?.imports ?? []) {
      if (!byPath.has(to)) continue
      if (!index.has(to)) visit(to)
      if (stack.includes(to)) low.set(path, Math.min(low.get(path)!, low.get(to)!))
    }
    if (low.get(path) !== order) return
    const knot = stack.splice(stack.indexOf(path))
    if (knot.length > 1) found.push(knot)
  }
  for (const path of byPath.keys()) if (!index.has(path)) visit(path)
  return found
}
