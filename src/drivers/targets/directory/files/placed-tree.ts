/** A release on a host that has been unpacked but is not in its place yet: known to the last entry without asking. */
import type { TreeEntry } from '../../../artifacts/tree-manifest.js'
import type { Found, Manifest } from './host-files.js'

export class PlacedTree {
  readonly folder: string
  readonly #entries: Map<string, TreeEntry>

  constructor(folder: string, manifest: Manifest) {
    this.folder = folder
    this.#entries = new Map(manifest.map((entry) => [entry.path, entry]))
  }

  /** The path inside the tree, or null for one that is not in it. */
  pathOf(path: string): string | null {
    return path.startsWith(`${this.folder}/`) ? path.slice(this.folder.length + 1) : null
  }
  kindOf(path: string): Found {
    return this.#entries.get(path)?.type ?? 'nothing'
  }
  put(entry: TreeEntry): void {
    this.#entries.set(entry.path, entry)
  }
  remove(path: string): void {
    for (const known of this.#entries.keys())
      if (known === path || known.startsWith(`${path}/`)) this.#entries.delete(known)
  }
  mask(umask: number): void {
    for (const [path, entry] of this.#entries)
      if (entry.type !== 'link') this.#entries.set(path, { ...entry, mode: entry.mode & ~umask })
  }
  /** Each folder before what is in it. */
  manifest(): Manifest {
    const key = (path: string): string => path.replaceAll('/', '\0')
    return [...this.#entries.values()].sort((a, b) => (key(a.path) < key(b.path) ? -1 : 1))
  }
}
