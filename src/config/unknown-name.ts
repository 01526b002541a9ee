/** A name that refers to something that must be declared elsewhere in the document. */
import type { Json } from '../base/hash.js'
import { didYouMean } from '../base/nearest.js'
import type { Finding } from './finding.js'
import { childOf, entriesAt, type Path } from './tree.js'

const listed = 20

/** Nothing when the section has the name, else what was probably meant. */
export function unknownName(
  tree: Json,
  section: string,
  what: string,
  name: string,
  path: Path,
): readonly Finding[] {
  if (childOf(childOf(tree, section), name) !== undefined) return []
  const known = entriesAt(tree, section).map(([key]) => key)
  const shown = known.length > listed ? `${known.slice(0, listed).join(', ')} …` : known.join(', ')
  const list = known.length === 0 ? `None is declared: write it below ${section}.` : `Declared: ${shown}.`
  const message = `there is no ${what} "${name}"`
  return [{ path, at: 'value', message, hint: didYouMean(name, known).trim() || list }]
}
