/** How wide a text is on a terminal, and fitting text into that width: pad, cut, wrap. Pure. */
import { stripVTControlCharacters } from 'node:util'

const wide =
  /[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]|\p{Emoji_Presentation}/u
const zero = /\p{Mark}|\u200B|\u200D|\uFE0F/u
/** Texts of these alone, dashes and arrows among them, are as wide as they are long: nearly all there are. */
const narrow = /^[\x20-\x7E\u00A1-\u02FF\u2010-\u2027\u2190-\u21FF]*$/

/** Columns a text takes; colour takes none. */
export function textWidth(text: string): number {
  if (narrow.test(text)) return text.length
  let width = 0
  for (const character of stripVTControlCharacters(text)) {
    if (zero.test(character)) continue
    width += wide.test(character) ? 2 : 1
  }
  return width
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - textWidth(text)))
}

export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - textWidth(text))) + text
}

/** At most `width` columns, with `…` where something was cut. Not for coloured text. */
export function cut(text: string, width: number): string {
  if (textWidth(text) <= width) return text
  let kept = ''
  let used = 0
  for (const character of text) {
    const next = textWidth(character)
    if (used + next > width - 1) break
    kept += character
    used += next
  }
  return `${kept}…`
}

/** Lines of at most `width` columns, broken at blanks; a word longer than a line is broken where it must be. */
export function wrap(text: string, width: number): readonly string[] {
  const limit = Math.max(width, 8)
  return text.split('\n').flatMap((line) => wrapLine(line, limit))
}

function wrapLine(line: string, width: number): readonly string[] {
  if (textWidth(line) <= width) return [line]
  const lines: string[] = []
  let current = ''
  for (const word of line.split(' ')) {
    const joined = current === '' ? word : `${current} ${word}`
    if (textWidth(joined) <= width) {
      current = joined
      continue
    }
    if (current.trim() !== '') lines.push(current)
    current = word
    while (textWidth(current) > width) {
      const piece = cut(current, width + 1).slice(0, -1)
      lines.push(piece)
      current = current.slice(piece.length)
    }
  }
  if (current !== '') lines.push(current)
  return lines
}

/** Wrapped, and every line but the first (`hanging` columns in) begins with `indent` blanks. */
export function paragraph(text: string, width: number, indent: number, hanging = indent): string {
  const first = ' '.repeat(indent)
  const rest = ' '.repeat(hanging)
  return text
    .split('\n')
    .flatMap((line) => wrap(line, width - hanging))
    .map((line, index) => (line === '' ? '' : `${index === 0 ? first : rest}${line}`))
    .join('\n')
}
