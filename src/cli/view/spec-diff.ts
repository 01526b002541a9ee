/**
 * What changes in a service's specification, line by line: scalars as `env.LOG_LEVEL: "info" → "debug"`, texts of
 * several lines as a text diff. Secrets are references in a specification, so they are references here.
 */
import { formatDuration } from '../../base/duration.js'
import { canonicalJson, type Json } from '../../base/hash.js'
import { withoutPlaces } from '../../model/interpolate-host.js'
import type { InstanceSpec, Specified } from '../../model/spec.js'

export interface SpecLine {
  readonly kind: 'changed' | 'added' | 'removed' | 'context'
  readonly text: string
}

/** Hosts named one by one, as long as that tells more than their number. */
const mostHosts = 4

/** `web2: env.WORKERS: "2" → "4"`. */
export async function hostDiffs(before: Specified, after: Specified): Promise<readonly SpecLine[]> {
  const both = Object.entries(before.specs ?? {}).flatMap(([host, was]) => {
    const is = after.specs?.[host]
    return is === undefined ? [] : [{ host, was, is }]
  })
  const diffs = await Promise.all(
    both.map(async ({ host, was, is }) => ({ host, lines: await specDiff(was, is) })),
  )
  const changed = diffs.filter(({ lines }) => lines.length > 0)
  const rest = changed.length - mostHosts
  return [
    ...changed
      .slice(0, mostHosts)
      .flatMap(({ host, lines }) => lines.map((line) => ({ ...line, text: `${host}: ${line.text}` }))),
    ...(rest > 0 ? [{ kind: 'context', text: `and on ${rest} more hosts` } as const] : []),
  ]
}

type Leaves = ReadonlyMap<string, Json>

export async function specDiff(before: InstanceSpec, after: InstanceSpec): Promise<readonly SpecLine[]> {
  const [old, next] = [leavesOf(before), leavesOf(after)]
  const paths = [...new Set([...old.keys(), ...next.keys()])].sort()
  const lines: SpecLine[] = []
  for (const path of paths) {
    const [was, is] = [old.get(path), next.get(path)]
    if (canonicalJson(was) === canonicalJson(is)) continue
    lines.push(...(await leafLines(path, was, is)))
  }
  return lines
}

async function leafLines(
  path: string,
  was: Json | undefined,
  is: Json | undefined,
): Promise<readonly SpecLine[]> {
  if (was === undefined) return [{ kind: 'added', text: `+ ${path}: ${show(is)}` }]
  if (is === undefined) return [{ kind: 'removed', text: `- ${path}: ${show(was)}` }]
  if (typeof was === 'string' && typeof is === 'string' && (was.includes('\n') || is.includes('\n'))) {
    return textLines(path, was, is)
  }
  return [{ kind: 'changed', text: `${path}: ${show(was)} → ${show(is)}` }]
}

async function textLines(path: string, was: string, is: string): Promise<readonly SpecLine[]> {
  const { structuredPatch } = await import('diff')
  const { hunks } = structuredPatch('', '', was, is, '', '', { context: 1 })
  const kinds = { '+': 'added', '-': 'removed' } as const
  const body = hunks.flatMap((hunk) => hunk.lines.filter((line) => !line.startsWith('\\')))
  return [
    { kind: 'changed', text: `${path}:` },
    ...body.map((line): SpecLine => {
      const mark = line.slice(0, 1)
      const kind = mark === '+' || mark === '-' ? kinds[mark] : 'context'
      return { kind, text: `  ${mark} ${line.slice(1)}` }
    }),
  ]
}

/** Every value by its path. The target's own options go without a prefix: they are what most changes are about. */
function leavesOf(spec: InstanceSpec): Leaves {
  const leaves = new Map<string, Json>()
  collect('', spec.target, leaves)
  for (const { name, ...check } of spec.checks) collect(`check ${name}.`, check, leaves)
  return leaves
}

type Tree = { readonly [key: string]: Json }

function collect(prefix: string, value: Tree, leaves: Map<string, Json>): void {
  for (const [key, item] of Object.entries(value)) {
    if (isTree(item)) collect(`${prefix}${key}.`, item, leaves)
    else if (key.endsWith('Ms') && typeof item === 'number') {
      leaves.set(`${prefix}${key.slice(0, -2)}`, formatDuration(item)) // as it is written in deploy.yaml
    } else leaves.set(`${prefix}${key}`, item)
  }
}

function isTree(value: Json): value is Tree {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}

function show(value: Json | undefined): string {
  return value === undefined ? '' : withoutPlaces(JSON.stringify(value))
}
