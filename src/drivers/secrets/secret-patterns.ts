/**
 * How a secret may look in text: as it is, escaped character by character (JSON, URL, HTML, shell quotes, in any
 * mixture), or encoded as a whole (base64 and hexadecimal). Pure: a value in, regular expressions out.
 */

/** A shorter secret is masked only where it stands alone: three letters are part of too many words. */
const shortest = 4
/** In characters: a longer one is masked piece by piece, so that no expression grows too large to compile. */
const longest = 1024

export function secretPatterns(secret: string): readonly RegExp[] {
  const lines = secret.split(/\r?\n/).map((line) => line.trim())
  // Programs print a key or a certificate line by line, and each of these lines tells.
  const telling = lines.length > 1 ? lines.filter((line) => line.length >= shortest) : []
  const parts = [secret, secret.trim(), ...telling].flatMap(pieces)
  return [...new Set(parts)].flatMap(patternsOf)
}

/** An empty part has none. */
function pieces(part: string): readonly string[] {
  const characters = Array.from(part)
  const count = Math.ceil(characters.length / longest)
  const size = Math.ceil(characters.length / Math.max(1, count))
  return Array.from({ length: count }, (_, index) =>
    characters.slice(index * size, (index + 1) * size).join(''),
  )
}

function patternsOf(part: string): readonly RegExp[] {
  const written = escapedPattern(part)
  if (part.length < shortest) return [new RegExp(`(?<![A-Za-z0-9_])(?:${written})(?![A-Za-z0-9_])`, 'g')]
  const bytes = Buffer.from(part, 'utf8')
  return [
    new RegExp(written, 'g'),
    new RegExp([0, 1, 2].map((offset) => base64Pattern(bytes, offset)).join('|'), 'g'),
    new RegExp(bytes.toString('hex'), 'gi'),
  ]
}

/** Each character as itself or in any of its escapes. A run of backslashes is one piece, or matching might take for ever. */
function escapedPattern(part: string): string {
  return (part.match(/\\+|[^\\]/gsu) ?? [])
    .map((piece) => (piece.startsWith('\\') ? backslashes(piece.length) : character(piece)))
    .join('')
}

function backslashes(count: number): string {
  return `(?:\\\\{${count},${count * 4}}|(?:%5[cC]){${count}}|(?:\\\\{1,2}u005[cC]){${count}})`
}

function character(char: string): string {
  if (/^[A-Za-z0-9_]$/.test(char)) return char // which nothing escapes
  const json = JSON.stringify(char).slice(1, -1)
  const units = Array.from({ length: char.length }, (_, index) =>
    char.charCodeAt(index).toString(16).padStart(4, '0'),
  )
  const forms = new Set([
    literal(char),
    literal(json),
    literal(JSON.stringify(json).slice(1, -1)),
    units.map((unit) => `\\\\{1,2}u${anyCase(unit)}`).join(''),
    [...Buffer.from(char, 'utf8')].map((byte) => `%${anyCase(byte.toString(16).padStart(2, '0'))}`).join(''),
    ...(special[char] ?? []).map(literal),
  ])
  return `(?:${[...forms].join('|')})`
}

/** Escapes beyond the regular ones: form data, HTML and chat markup, JSON that guards its slashes, `set -x`. */
const special: { readonly [char: string]: readonly string[] } = {
  ' ': ['+'],
  '\n': ['\r\n', '\\r\\n'],
  '/': ['\\/'],
  '&': ['&amp;'],
  '<': ['&lt;'],
  '>': ['&gt;'],
  '"': ['&quot;', '&#34;'],
  "'": ['&#39;', '&#x27;', '&apos;', "'\\''", "'\"'\"'"],
}

/**
 * Base64 of the bytes when `offset` unknown bytes come before them in the same text, and anything after: only the
 * characters that depend on the secret alone are certain; the two that it shares with its neighbours go with them.
 */
function base64Pattern(bytes: Buffer, offset: number): string {
  const encoded = Buffer.concat([Buffer.alloc(offset), bytes])
    .toString('base64')
    .replace(/=+$/, '')
  const first = Math.ceil((offset * 8) / 6)
  const last = Math.floor(((offset + bytes.length) * 8) / 6)
  const certain = encoded.slice(first, last).replace(/[+/]/g, (char) => base64Forms[char] ?? char)
  const shared = '(?:[A-Za-z0-9+/_-]|%2[bBfF])?'
  return `${offset === 0 ? '' : shared}${certain}${shared}(?:=|%3[dD]){0,2}`
}

const base64Forms: { readonly [char: string]: string } = {
  '+': '(?:[+-]|%2[bB])',
  '/': '(?:[/_]|%2[fF]|\\\\/)',
}

function anyCase(hex: string): string {
  return hex.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`)
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
}
