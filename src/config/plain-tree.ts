/**
 * The nodes of a YAML document as plain data, in one pass and linear in the size of the file: aliases and merge keys
 * are shared instead of copied, and what they would expand to is counted, so that an alias bomb is refused before
 * anything walks through it. (The package's own conversion is quadratic in aliases and knows no positions.)
 */
import type { Alias, Document, Pair, ParsedNode, Scalar, YAMLMap, YAMLSeq } from 'yaml'
import type { Json } from '../base/hash.js'
import type { TextFinding } from './finding.js'
import { isList, isMap as isPlainMap } from './tree.js'

export type Yaml = typeof import('yaml')
export type Node = ParsedNode | null

export interface PlainTree {
  readonly value: Json
  readonly findings: readonly TextFinding[]
  /** The node that an alias stands for. */
  readonly aliases: ReadonlyMap<Node, Node>
}

/** Values that aliases may add, beyond those written. A real file is far below it. */
const aliasLimit = 1_000_000
/** Levels of maps and lists. What comes after walks through them by recursion. */
const deepest = 100

interface Converted {
  readonly value: Json
  /** Values within, with aliases expanded. */
  readonly size: number
}
interface Anchored {
  readonly node: Node
  readonly converted: Converted | undefined
}
const nothing: Converted = { value: null, size: 1 }

export function plainTree(yaml: Yaml, document: Document.Parsed): PlainTree {
  const findings: TextFinding[] = []
  const aliases = new Map<Node, Node>()
  const anchors = new Map<string, Anchored>()
  let added = 0
  let depth = 0

  function report(node: Node, message: string, hint?: string): Converted {
    const [start, end] = node?.range ?? [0, 0]
    findings.push({ start, end, message, ...(hint === undefined ? {} : { hint }) })
    return nothing
  }

  function reportTwice(key: string, second: Node, first: Node): void {
    const [start, end] = second?.range ?? [0, 0]
    const message = `the key "${key}" is written twice in this map`
    findings.push({ start, end, message, ...(first === null ? {} : { firstAt: first.range[0] }) })
  }

  function convert(node: Node): Converted {
    if (node === null) return nothing
    if (yaml.isAlias(node)) return convertAlias(node)
    if (node.anchor !== undefined) anchors.set(node.anchor, { node, converted: undefined })
    if (depth > deepest) return report(node, `more than ${deepest} levels, one in another`)
    depth++
    const converted = yaml.isMap(node)
      ? convertMap(node)
      : yaml.isSeq(node)
        ? convertList(node)
        : convertScalar(node)
    depth--
    if (node.anchor !== undefined) anchors.set(node.anchor, { node, converted })
    return converted
  }

  function convertAlias(alias: Alias.Parsed): Converted {
    const anchored = anchors.get(alias.source)
    if (anchored === undefined) {
      return report(alias, `there is no anchor "&${alias.source}" before this alias`)
    }
    aliases.set(alias, anchored.node)
    if (anchored.converted === undefined)
      return report(alias, `the alias "*${alias.source}" is inside its own anchor`)
    const within = added <= aliasLimit
    added += anchored.converted.size
    if (added <= aliasLimit) return anchored.converted
    if (!within) return nothing
    return report(
      alias,
      `aliases expand this file to more than ${aliasLimit} values`,
      'Is it made to exhaust memory?',
    )
  }

  function convertScalar(node: Scalar.Parsed): Converted {
    const { value } = node
    if (typeof value === 'number') return convertNumber(node, value)
    if (typeof value === 'string' || typeof value === 'boolean' || value === null) return { value, size: 1 }
    return report(node, `a value of this kind is not known here`, 'Write it as text, in quotes.')
  }

  function convertNumber(node: Scalar.Parsed, value: number): Converted {
    if (Number.isFinite(value) && !(Number.isInteger(value) && !Number.isSafeInteger(value)))
      return { value, size: 1 }
    return report(
      node,
      `the number ${node.source} cannot be kept exactly`,
      `Write it in quotes: "${node.source}".`,
    )
  }

  function convertList(node: YAMLSeq.Parsed): Converted {
    const items = node.items.map((item) => convert(isNode(item) ? item : null))
    return { value: items.map((item) => item.value), size: sumOf(items) }
  }

  /** A pair may stand in a list as `- ? x`; its nodes are always parsed ones here. */
  function isNode(item: ParsedNode | Pair): item is ParsedNode {
    return !yaml.isPair(item)
  }

  function convertMap(node: YAMLMap.Parsed): Converted {
    const result: Record<string, Json> = {}
    const written = new Map<string, Node>()
    let size = 1
    for (const pair of node.items) {
      const key = keyOf(pair.key)
      const converted = convert(pair.value)
      if (key === undefined) continue
      size += converted.size
      const first = written.get(key)
      if (first !== undefined) {
        reportTwice(key, pair.key, first)
        continue
      }
      written.set(key, pair.key)
      if (isMergeKey(yaml, pair.key)) mergeInto(result, pair.value, converted.value)
      else result[key] = converted.value
    }
    return { value: result, size }
  }

  function keyOf(key: Node): string | undefined {
    const [node, text] = scalarKey(key)
    if (text === undefined) report(key, 'a key must be plain text')
    else if (text === '__proto__') report(key, 'a key may not be called __proto__')
    else if (text === '') report(node, 'a key is missing before the colon')
    else return text
    return undefined
  }

  function scalarKey(key: Node): readonly [Node, string | undefined] {
    const node = yaml.isAlias(key) ? (anchors.get(key.source)?.node ?? key) : key
    if (!yaml.isScalar(node)) return [key, undefined]
    if (node.anchor !== undefined) anchors.set(node.anchor, { node, converted: convertScalar(node) })
    return [key, typeof node.value === 'string' ? node.value : node.source]
  }

  /** Keys written in the map itself win over merged ones, and earlier merged maps over later ones. */
  function mergeInto(result: Record<string, Json>, node: Node, value: Json): void {
    for (const source of isList(value) ? value : [value]) {
      if (!isPlainMap(source)) {
        report(node, '<< takes a map, or a list of maps', 'Refer to one by its anchor: `<<: *name`.')
        return
      }
      for (const [key, item] of Object.entries(source)) {
        if (!Object.hasOwn(result, key)) result[key] = item
      }
    }
  }

  const { value } = convert(document.contents)
  return { value, findings, aliases }
}

function sumOf(items: readonly Converted[]): number {
  return items.reduce((sum, item) => sum + item.size, 1)
}

/** `<<` written plainly; in quotes it is a key like any other. */
export function isMergeKey(yaml: Yaml, key: Node): boolean {
  return yaml.isScalar(key) && key.value === '<<' && key.type === 'PLAIN'
}
