/**
 * What has been unpacked so far, by name: the memory in which every new entry is judged. It is kept here and not asked
 * of the disk, so an entry can neither write through a link nor race with one, whatever the archive's order is.
 */
import { refusedEntry } from './refusal.js'

export type PlacedKind = 'file' | 'folder' | 'symlink'

interface Placed {
  readonly kind: PlacedKind
  readonly path: string
}

export class TreePlan {
  readonly #placed = new Map<string, Placed>()
  readonly #fold: (path: string) => string

  /** On a disk that takes `README` and `readme` for one name, so do we. */
  constructor(caseSensitive: boolean) {
    this.#fold = caseSensitive ? (path) => path : (path) => path.normalize('NFC').toLowerCase()
  }

  /** Folders that have to be made before something can lie at the path. Throws ARCHIVE_REFUSED when one is none. */
  missingParents(segments: readonly string[], entry: string): readonly string[] {
    const missing: string[] = []
    for (let length = 1; length < segments.length; length++) {
      const path = segments.slice(0, length).join('/')
      const there = this.#at(path, entry)
      if (there === undefined) missing.push(path)
      else if (there.kind !== 'folder') {
        throw refusedEntry(entry, `lies below ${path}, which is a ${there.kind === 'file' ? 'file' : 'link'}`)
      }
    }
    return missing
  }

  /** Whether the path is taken by the same kind already, to be replaced. Throws ARCHIVE_REFUSED when by another. */
  isTaken(path: string, kind: PlacedKind, entry: string): boolean {
    const there = this.#at(path, entry)
    if (there === undefined) return false
    if (there.kind !== kind) throw refusedEntry(entry, `comes twice: as a ${there.kind} and as a ${kind}`)
    return true
  }

  isFile(path: string): boolean {
    return this.#placed.get(this.#fold(path))?.kind === 'file'
  }

  place(path: string, kind: PlacedKind): void {
    this.#placed.set(this.#fold(path), { kind, path })
  }

  #at(path: string, entry: string): Placed | undefined {
    const there = this.#placed.get(this.#fold(path))
    if (there !== undefined && there.path !== path) {
      throw refusedEntry(
        entry,
        `differs from ${there.path} only in case, which this disk does not tell apart`,
      )
    }
    return there
  }
}
