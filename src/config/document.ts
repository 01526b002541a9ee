/**
 * A deploy.yaml as text, as plain data, and as places in the text. The `yaml` package is loaded here and nowhere else
 * on the way, because most runs find the data in the config cache and never come here.
 */
import type { Document, ParsedNode, YAMLError } from 'yaml'
import type { Json } from '../base/hash.js'
import type { TextFinding } from './finding.js'
import { isMergeKey, plainTree, type Node, type Yaml } from './plain-tree.js'
import type { Path } from './tree.js'

export interface ParsedFile {
  /** Null when the text is no YAML at all. */
  readonly tree: Json
  readonly findings: readonly TextFinding[]
  /** Where a path of the merged document was written, in the environment first and the project then. */
  locate(path: Path, environment: string | null, at: 'key' | 'value'): Location
}
export interface Location {
  readonly start: number
  readonly end: number
  /** The value as written, where it is a scalar. */
  readonly source: string | undefined
}

export async function parseFile(text: string): Promise<ParsedFile> {
  const yaml = await import('yaml')
  let document: Document.Parsed
  try {
    // duplicate keys are found by plainTree: the package compares every key with every other
    document = yaml.parseDocument(text, {
      uniqueKeys: false,
      prettyErrors: false,
      keepSourceTokens: false,
      logLevel: 'error',
    })
  } catch (error) {
    return unreadable(error)
  }
  const failures = [...document.errors, ...document.warnings].map(findingOf)
  if (failures.length > 0)
    return { tree: null, findings: firstOfEachLine(failures, text), locate: () => beginning }
  try {
    const { value, findings, aliases } = plainTree(yaml, document)
    const index = createIndex(yaml, aliases)
    return {
      tree: value,
      findings,
      locate: (path, environment, at) => locate(index, document.contents, path, environment, at),
    }
  } catch (error) {
    return unreadable(error)
  }
}

const beginning: Location = { start: 0, end: 0, source: undefined }

function unreadable(error: unknown): ParsedFile {
  if (!(error instanceof RangeError)) throw error
  const finding = { start: 0, end: 1, message: tooDeep }
  return { tree: null, findings: [finding], locate: () => beginning }
}

const tooDeep = 'the file is nested too deeply to be read'
const inPlainWords: { readonly [C in YAMLError['code']]?: readonly [string, string | undefined] } = {
  TAB_AS_INDENT: ['a tab is used for indentation', 'Use spaces: YAML does not allow tabs there.'],
  MULTIPLE_DOCS: ['the file holds more than one document', 'Keep one, and remove the `---` between them.'],
  RESOURCE_EXHAUSTION: [tooDeep, undefined],
  BAD_ALIAS: ['an alias has no name', 'Put text that begins with * in quotes.'],
}

function findingOf(error: YAMLError): TextFinding {
  const [start, end] = error.pos
  const [message, hint] = inPlainWords[error.code] ?? [lowerFirst(error.message), undefined]
  return { start, end, message, ...(hint === undefined ? {} : { hint }) }
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}

/** What follows on the same line mostly follows from the first. */
function firstOfEachLine(findings: readonly TextFinding[], text: string): readonly TextFinding[] {
  const sorted = [...findings].sort((a, b) => a.start - b.start)
  return sorted.filter((finding, index) => {
    const before = sorted[index - 1]
    return before === undefined || text.slice(before.start, finding.start).includes('\n')
  })
}

interface Child {
  readonly key: Node
  readonly value: Node
}
interface Index {
  childOf(node: Node, segment: string): Child | undefined
  resolved(node: Node): Node
}

/** Children by name, each map read once however many problems it has. */
function createIndex(yaml: Yaml, aliases: ReadonlyMap<Node, Node>): Index {
  const maps = new Map<Node, ReadonlyMap<string, Child>>()
  const resolved = (node: Node): Node => (yaml.isAlias(node) ? (aliases.get(node) ?? node) : node)

  function childrenOf(map: ParsedNode): ReadonlyMap<string, Child> {
    const known = maps.get(map)
    if (known !== undefined) return known
    const children = new Map<string, Child>()
    maps.set(map, children)
    if (!yaml.isMap(map)) return children
    const merged: Node[] = []
    for (const { key, value } of map.items) {
      if (isMergeKey(yaml, key)) merged.push(value)
      const name = nameOf(resolved(key))
      if (name !== undefined && !children.has(name)) children.set(name, { key, value })
    }
    const sources = merged
      .map(resolved)
      .flatMap((one) => (yaml.isSeq(one) ? one.items.map((item) => resolved(item as Node)) : [one])) // items of a parsed list are parsed nodes
    for (const source of sources) {
      if (source === null) continue
      for (const [name, child] of childrenOf(source)) if (!children.has(name)) children.set(name, child)
    }
    return children
  }

  function nameOf(key: Node): string | undefined {
    if (!yaml.isScalar(key)) return undefined
    return typeof key.value === 'string' ? key.value : key.source
  }

  return {
    resolved,
    childOf(node, segment) {
      const target = resolved(node)
      if (yaml.isMap(target)) return childrenOf(target).get(segment)
      if (!yaml.isSeq(target)) return undefined
      const item = target.items[Number(segment)]
      const value = item as Node | undefined // items of a parsed list are parsed nodes
      return value === undefined ? undefined : { key: value, value }
    },
  }
}

interface Reached {
  readonly depth: number
  readonly child: Child | undefined
}

function locate(
  index: Index,
  root: Node,
  path: Path,
  environment: string | null,
  at: 'key' | 'value',
): Location {
  const own = environment === null ? [] : ['environments', environment]
  const over = reach(index, root, [...own, ...path])
  const base = reach(index, root, path)
  // the environment where it says the thing itself; else the project; else whichever comes nearer
  const overDepth = environment === null ? 0 : Math.max(0, over.depth - own.length)
  const byEnvironment = base.depth < path.length ? overDepth > base.depth : overDepth === path.length
  const { child } = byEnvironment ? over : base
  if (child === undefined || path.length === 0) return beginning
  const whole = (byEnvironment ? overDepth : base.depth) === path.length
  return rangeOf(at === 'key' || !whole ? child.key : shownFor(index, child), child.value)
}

/** A map or list that spans lines is shown by its key. */
function shownFor(index: Index, child: Child): Node {
  const node = index.resolved(child.value)
  const isEmpty = node === null || node.range[0] === node.range[1]
  const isBlock = node !== null && 'items' in node && node.flow !== true
  return isEmpty || isBlock ? child.key : node
}

function reach(index: Index, root: Node, path: Path): Reached {
  let node = root
  let reached: Reached = { depth: 0, child: undefined }
  for (const segment of path) {
    const child = index.childOf(node, segment)
    if (child === undefined) break
    reached = { depth: reached.depth + 1, child }
    node = child.value
  }
  return reached
}

function rangeOf(shown: Node, value: Node): Location {
  const [start, end] = shown?.range ?? [0, 0]
  const source = value !== null && 'source' in value ? value.source : undefined
  return { start, end, source }
}
