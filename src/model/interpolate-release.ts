/**
 * The last references of a document: `${release.version}` is known only when the planner has chosen a release.
 *
 * Almost everything is replaced when deploy.yaml is loaded. In a Config two kinds of references are still live, this
 * one and `${secret.X}`, and a literal text that looks like one of them is kept as `$${…}` until whoever replaces
 * that kind takes the extra `$` away. Each kind is replaced exactly once; pure, so that plans stay the same.
 */
import type { Release } from './release.js'

/**
 * The same data with every `${release.version}` replaced, and `$${release.version}` as the text it stands for.
 * Only values are looked at, never keys. Data without such text is returned as it is, not copied.
 */
export function withRelease<T>(data: T, release: Pick<Release, 'version'>): T {
  return withReference(data, '${release.version}', release.version)
}

/** The same for any one reference that was left live. */
export function withReference<T>(data: T, reference: `\${${string}}`, value: string): T {
  return replaceIn(data, reference, value) as T // texts within the data change, never its shape
}

/** Copies only along the way to a text that changes: a document has thousands of values and few references. */
function replaceIn(data: unknown, reference: string, value: string): unknown {
  if (typeof data === 'string') return data.includes(reference) ? replaceInText(data, reference, value) : data
  if (typeof data !== 'object' || data === null) return data
  let copy: Record<string, unknown> | undefined
  for (const [key, before] of Object.entries(data)) {
    const after = replaceIn(before, reference, value)
    if (after === before) continue
    copy ??= copyOf(data)
    copy[key] = after
  }
  return copy ?? data
}

function copyOf(data: object): Record<string, unknown> {
  const copy: unknown = Array.isArray(data) ? Array.from<unknown>(data) : { ...data }
  return copy as Record<string, unknown> // a list is written to by its indexes, as a map by its keys
}

function replaceInText(text: string, reference: string, value: string): string {
  const [first = '', ...rest] = text.split(reference)
  return rest.reduce((done, part) => {
    // the `$` before an escaped one belongs to the escape
    return done.endsWith('$') ? `${done.slice(0, -1)}${reference}${part}` : `${done}${value}${part}`
  }, first)
}
