/**
 * Which part of an archive is wanted: without its leading folders (`strip`), and only what `include` names. Apart from
 * the rules on names, which hold for everything in the archive, wanted or not.
 */
import { refusedArchive } from './refusal.js'

export interface Selection {
  /** Where an entry goes, or null when it is not wanted. */
  place(segments: readonly string[]): readonly string[] | null
  /** Where it would go if `include` did not matter: for the targets of hard links. */
  stripped(segments: readonly string[]): readonly string[] | null
  /** Throws ARCHIVE_REFUSED when nothing was wanted, or a pattern fitted nothing. */
  assertFound(): void
}

/** Patterns are paths after stripping; `*` and `?` stay within a name, `**` does not; a folder means all in it. */
export function selection(strip: number, include: readonly string[] | undefined): Selection {
  const patterns = include?.map((text) => ({ text, fits: patternOf(text), found: false }))
  let seen = false
  let placed = false
  const stripped = (segments: readonly string[]): readonly string[] | null =>
    segments.length > strip ? segments.slice(strip) : null
  return {
    stripped,
    place(segments) {
      seen = true
      const rest = stripped(segments)
      if (rest === null) return null
      const path = rest.join('/')
      const fitting = patterns?.filter((pattern) => pattern.fits.test(path))
      for (const pattern of fitting ?? []) pattern.found = true
      if (fitting?.length === 0) return null
      placed = true
      return rest
    },
    assertFound() {
      const idle = patterns?.find((pattern) => !pattern.found)
      if (idle !== undefined) {
        throw refusedArchive(`it holds nothing that fits include "${idle.text}"`, {
          hint: 'Patterns are paths inside the archive, after `strip`; * fits within a name, ** across folders.',
        })
      }
      if (seen && !placed && strip > 0) {
        throw refusedArchive(`nothing is left of it without its ${strip} leading folders`, {
          hint: 'Give a smaller `strip`.',
        })
      }
    },
  }
}

function patternOf(text: string): RegExp {
  const parts = text.replace(/^\.?\/+|\/+$/g, '').split(/(\*\*\/|\*\*|\*|\?)/)
  const source = parts.map((part) => {
    if (part === '**/') return '(?:.*/)?'
    if (part === '**') return '.*'
    if (part === '*') return '[^/]*'
    if (part === '?') return '[^/]'
    return part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  })
  return new RegExp(`^${source.join('')}(?:/.*)?$`, 'su')
}
