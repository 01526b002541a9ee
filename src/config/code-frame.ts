/** The lines around a place in a text, numbered, with a caret under it. */

export interface Place {
  /** 1-based, both. */
  readonly line: number
  readonly column: number
  /** Characters to underline, on this line; at least one. */
  readonly length: number
}

const linesAbove = 2
const linesBelow = 1
/** A file may be one line of five megabytes; a frame is for reading. */
const widest = 110

export function codeFrame(lines: readonly string[], place: Place): readonly string[] {
  const first = Math.max(1, place.line - linesAbove)
  const isEnded = place.line < lines.length && lines.at(-1) === '' // by a line end: what follows it is no line
  const last = Math.min(isEnded ? lines.length - 1 : lines.length, place.line + linesBelow)
  const digits = String(last).length
  const skip = place.column > widest ? place.column - Math.floor(widest / 2) : 0
  const frame: string[] = []
  for (let number = first; number <= last; number++) {
    const whole = lines[number - 1] ?? ''
    const text = whole.slice(skip, skip + widest)
    const more = whole.length > skip + widest ? ' …' : ''
    const here = number === place.line
    frame.push(`${here ? '>' : ' '} ${String(number).padStart(digits)} | ${printable(text)}${more}`.trimEnd())
    if (here) {
      // tabs stay tabs, so that the caret stands where the terminal puts the character
      const before = text.slice(0, place.column - 1 - skip).replace(/[^\t]/g, ' ')
      const length = Math.max(1, Math.min(place.length, text.length - before.length))
      frame.push(`  ${' '.repeat(digits)} | ${before}${'^'.repeat(length)}`)
    }
  }
  return frame
}

/** Control characters would move the terminal's cursor. */
function printable(text: string): string {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '\u00b7')
}
