/**
 * Calendar versions: read, ordered and matched by a format such as `YYYY.MM.MICRO` (calver-format.ts).
 *
 * Numbers count from left to right. A modifier at the end (`-beta.1`; where the format has MODIFIER, as it is written
 * there) makes a version a prerelease of the one without. Versions must be written as the format says, so that no
 * version has two spellings; ranges are for people, and there `04` is `4`.
 */
import type { CalverFormat, CalverPart } from './calver-format.js'
import { compareNaturally } from './natural-order.js'
import { parseVersion } from './release.js'
import type { VersionScheme } from './version-scheme.js'

interface CalverVersion {
  readonly numbers: readonly number[]
  readonly modifier: string | null
}

/** One condition of a range. Fewer numbers than the format has stand for every version that begins so. */
interface Comparator {
  readonly holds: (order: number) => boolean
  readonly bound: CalverVersion
  readonly isWhole: boolean
}

const modifierText = '([A-Za-z][0-9A-Za-z-]*(?:\\.[0-9A-Za-z-]+)*)'
const operators: { readonly [operator: string]: Comparator['holds'] } = {
  '': (order) => order === 0,
  '=': (order) => order === 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
}

export function calver(format: CalverFormat): VersionScheme<CalverVersion> {
  const version = wholePattern(format)
  const bound = boundPattern(format)
  return {
    read: (text) => readVersion(version.exec(parseVersion(text))),
    compare: compareWhole,
    prereleaseOf: ({ modifier }) => (modifier === null ? [] : modifier.split('.')),
    range(text, includePrerelease) {
      const sets = text.split('||').map((set) => readSet(set, bound, format))
      if (sets.some((set) => set === null)) return null
      return (one) => sets.some((set) => isInSet(one, set ?? [], includePrerelease))
    },
  }
}

function wholePattern({ parts, beforeModifier }: CalverFormat): RegExp {
  const numbers = parts.map(({ before, written }) => `${escaped(before)}(${written})`).join('')
  return new RegExp(`^${numbers}(?:${escaped(beforeModifier)}${modifierText})?$`)
}

/** The beginning of a version, in any spelling; a modifier only after all of its numbers. */
function boundPattern({ parts, beforeModifier }: CalverFormat): RegExp {
  const rest = `(?:${escaped(beforeModifier)}${modifierText})?`
  const nested = parts.reduceRight((inner, part, index) => {
    const number = `${escaped(part.before)}(${looseDigits(part, parts[index + 1])})${inner}`
    return index === 0 ? number : `(?:${number})?`
  }, rest)
  return new RegExp(`^${nested}$`)
}

/** Where numbers stand side by side, only their width tells them apart. */
function looseDigits(part: CalverPart, next: CalverPart | undefined): string {
  const isAdjacent = part.before === '' || next?.before === ''
  return isAdjacent && part.width !== null ? `[0-9]{${part.width}}` : '[0-9]{1,15}'
}

function escaped(separator: string): string {
  return separator === '.' ? '\\.' : separator
}

function readVersion(match: RegExpExecArray | null): CalverVersion | null {
  if (match === null) return null
  return { numbers: match.slice(1, -1).map(Number), modifier: match.at(-1) ?? null }
}

/** `>=2026.4 <2027`: all of its conditions; null when one of them is none. */
function readSet(text: string, pattern: RegExp, format: CalverFormat): readonly Comparator[] | null {
  const words = text
    .replace(/([<>=])\s+/g, '$1')
    .trim()
    .split(/\s+/)
  if (words.length === 1 && /^[xX*]$/.test(words[0] ?? '')) return []
  const comparators = words.map((word) => readComparator(word, pattern, format))
  return comparators.some((one) => one === null) ? null : comparators.flatMap((one) => one ?? [])
}

function readComparator(word: string, pattern: RegExp, { parts }: CalverFormat): Comparator | null {
  const [, operator = '', rest = ''] = /^(>=|<=|>|<|=|)(.*)$/.exec(word) ?? []
  const holds = operators[operator]
  const wildcard = /(?:[._-][xX*])+$/.exec(rest)?.[0] ?? ''
  const match = pattern.exec(parseVersion(rest.slice(0, rest.length - wildcard.length)))
  if (holds === undefined || match === null) return null
  const written: readonly (string | undefined)[] = match.slice(1, -1) // groups that are not there are undefined
  const numbers = written.filter((digits) => digits !== undefined).map(Number)
  const isInReach = numbers.every((number, index) => isWithin(number, parts[index]))
  if (!isInReach || numbers.length + wildcard.length / 2 > parts.length) return null
  const bound = { numbers, modifier: match.at(-1) ?? null }
  return { holds, bound, isWhole: numbers.length === parts.length }
}

function isWithin(number: number, part: CalverPart | undefined): boolean {
  return part !== undefined && number >= part.least && number <= part.most
}

function isInSet(version: CalverVersion, set: readonly Comparator[], includePrerelease: boolean): boolean {
  if (!set.every((comparator) => comparator.holds(orderAgainst(version, comparator)))) return false
  if (includePrerelease || version.modifier === null) return true
  return set.some(({ bound }) => bound.modifier !== null && compareNumbers(version, bound) === 0)
}

function orderAgainst(version: CalverVersion, { bound, isWhole }: Comparator): number {
  return isWhole ? compareWhole(version, bound) : compareNumbers(version, bound)
}

/** As far as `bound` goes. */
function compareNumbers(version: CalverVersion, bound: CalverVersion): number {
  for (const [index, number] of bound.numbers.entries()) {
    const order = (version.numbers[index] ?? 0) - number
    if (order !== 0) return order
  }
  return 0
}

function compareWhole(a: CalverVersion, b: CalverVersion): number {
  const order = compareNumbers(a, b)
  if (order !== 0 || a.modifier === b.modifier) return order
  if (a.modifier === null) return 1
  return b.modifier === null ? -1 : compareNaturally(a.modifier, b.modifier)
}
