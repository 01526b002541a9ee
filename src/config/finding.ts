/**
 * Something wrong in a merged document, by path: whoever finds it knows no lines and columns, and they are looked up
 * only when there is something to show.
 */
import type { Path } from './tree.js'

export interface Finding {
  /** In the merged document; the last key may be one that is missing. */
  readonly path: Path
  readonly at: 'key' | 'value'
  readonly message: string
  readonly hint?: string
  /** The value has to be put in quotes, as it stands in the file. */
  readonly quote?: boolean
  /** The part of the text that is meant, where it is not the whole of it. */
  readonly part?: string
}

/** Something wrong in the text itself, by offset. */
export interface TextFinding {
  readonly start: number
  readonly end: number
  readonly message: string
  readonly hint?: string
  /** Where the same thing was written before. */
  readonly firstAt?: number
}

/**
 * Findings of one stage after another: what a later stage says of a place that an earlier one has told is dropped,
 * since it mostly follows from that; and nothing is told twice.
 */
export function inStages(...stages: readonly (readonly Finding[])[]): readonly Finding[] {
  const told = new Map<string, number>()
  const texts = new Set<string>()
  return stages.flatMap((findings, stage) =>
    findings.filter((finding) => {
      const place = JSON.stringify(finding.path)
      const text = JSON.stringify([finding.path, finding.message])
      if (texts.has(text) || (told.get(place) ?? stage) < stage) return false
      texts.add(text)
      told.set(place, stage)
      return true
    }),
  )
}

/** `services.web.target`, or `the file` for its root. */
export function showPath(path: Path): string {
  return path.length === 0 ? 'the file' : path.join('.')
}
