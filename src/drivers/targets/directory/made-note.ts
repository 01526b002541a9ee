/**
 * The notes of which folders deployctl made, as text. There is one from the beginning, and further ones where somebody
 * who left had to hand on what it knew: nobody ever changes a note, so none is lost between two who write at once.
 */
import { join, relative } from 'node:path'
import { sha256, shortDigest } from '../../../base/hash.js'
import type { Layout } from './layout.js'
import { isOfFormat } from './records.js'

/** By what it says: who removes a note has read this very text, even if the note is another one by then. */
export function noteName(text: string): string {
  return `made.${shortDigest(sha256(text))}.json`
}

export function isMadeNote(name: string): boolean {
  return /^made(\.[\w-]+)?\.json$/.test(name)
}

/** Written relative to the target's path, which may be reached under another name later. */
export function madeText(layout: Layout, made: readonly string[]): string {
  const places = made.map((path) => relative(layout.root, path))
  return `${JSON.stringify({ format: 1, made: places })}\n`
}

/** What a note says, or several one below the other; null when one of them cannot be read. */
export function madeIn(layout: Layout, text: string): readonly string[] | null {
  const made: string[] = []
  for (const line of text.split('\n')) {
    if (line === '') continue
    const written = parsed(line)
    if (!isOfFormat(written) || !Array.isArray(written['made'])) return null
    made.push(...written['made'].map((place) => join(layout.root, String(place))))
  }
  return made
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line) as unknown
  } catch {
    return null
  }
}
