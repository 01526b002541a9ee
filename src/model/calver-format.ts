/**
 * Formats of calendar versions, such as `YYYY.MM.MICRO`, in the tokens of calver.org: what may stand where, and why a
 * text is no format. What is done with versions of a format is in calver.ts.
 */

/** One number of a version. */
export interface CalverPart {
  readonly token: string
  /** What stands before it: a separator, or nothing where numbers of a fixed width follow one another. */
  readonly before: string
  /** As it is written in a version, as a regular expression. */
  readonly written: string
  readonly least: number
  readonly most: number
  /** Digits, where their number is always the same and no separator tells where they end; null elsewhere. */
  readonly width: number | null
}

export interface CalverFormat {
  readonly parts: readonly CalverPart[]
  /** What stands before a modifier such as `beta.1`. */
  readonly beforeModifier: string
}

/** What a part counts. They must come in this order: a version is older when its first number that differs is lower. */
const kinds = ['year', 'month', 'week', 'day', 'major', 'minor', 'micro'] as const
type Kind = (typeof kinds)[number]

interface Token extends Omit<CalverPart, 'token' | 'before'> {
  readonly kind: Kind
}

const anyNumber = { written: '0|[1-9][0-9]{0,14}', least: 0, most: 999_999_999_999_999, width: null }
const tokens: { readonly [name: string]: Token } = {
  YYYY: { kind: 'year', written: '[1-9][0-9]{3}', least: 1000, most: 9999, width: 4 },
  YY: { kind: 'year', written: '0|[1-9][0-9]{0,2}', least: 0, most: 999, width: null },
  '0Y': { kind: 'year', written: '[0-9]{2}', least: 0, most: 99, width: 2 },
  MM: { kind: 'month', written: '[1-9]|1[0-2]', least: 1, most: 12, width: null },
  '0M': { kind: 'month', written: '0[1-9]|1[0-2]', least: 1, most: 12, width: 2 },
  WW: { kind: 'week', written: '[0-9]|[1-4][0-9]|5[0-3]', least: 0, most: 53, width: null },
  '0W': { kind: 'week', written: '[0-4][0-9]|5[0-3]', least: 0, most: 53, width: 2 },
  DD: { kind: 'day', written: '[1-9]|[12][0-9]|3[01]', least: 1, most: 31, width: null },
  '0D': { kind: 'day', written: '0[1-9]|[12][0-9]|3[01]', least: 1, most: 31, width: 2 },
  MAJOR: { kind: 'major', ...anyNumber },
  MINOR: { kind: 'minor', ...anyNumber },
  MICRO: { kind: 'micro', ...anyNumber },
}
const modifier = 'MODIFIER'
const piece = new RegExp(`^([._-]?)(${[...Object.keys(tokens), modifier].join('|')})`)

/** The format, or why the text is none, in words. */
export function readFormat(text: string): CalverFormat | string {
  const parts: (CalverPart & { readonly kind: Kind })[] = []
  let beforeModifier: string | null = null
  for (let rest = text; rest !== '';) {
    const [whole = '', before = '', name = ''] = piece.exec(rest) ?? []
    if (whole === '') return `"${rest}" does not begin with a token`
    if (beforeModifier !== null) return `nothing may follow ${modifier}`
    const token = tokens[name]
    if (token === undefined) beforeModifier = before
    else parts.push({ token: name, before, ...token })
    rest = rest.slice(whole.length)
  }
  return problemOf(parts) ?? { parts, beforeModifier: beforeModifier ?? '-' }
}

function problemOf(parts: readonly (CalverPart & { readonly kind: Kind })[]): string | null {
  const present = parts.map(({ kind }) => kind)
  const order = present.map((kind) => kinds.indexOf(kind))
  if (!present.includes('year')) return 'it has no year (YYYY, YY or 0Y)'
  if (new Set(present).size < present.length) return 'it says the same thing twice'
  if (present.includes('week') && (present.includes('month') || present.includes('day')))
    return 'weeks go without months and days'
  if (present.includes('day') && !present.includes('month')) return 'it has a day and no month'
  const dates = order.filter((rank) => rank <= kinds.indexOf('day'))
  const counts = order.filter((rank) => rank > kinds.indexOf('day'))
  if (!isRising(dates) || !isRising(counts)) return 'what counts more has to come first'
  for (const [index, { before, token }] of parts.entries()) {
    const previous = parts[index - 1]
    if (previous === undefined && before !== '') return `it begins with "${before}"`
    if (previous !== undefined && before === '' && previous.width === null)
      return `nothing tells where ${previous.token} ends and ${token} begins`
  }
  return null
}

function isRising(numbers: readonly number[]): boolean {
  return numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? 0))
}
