/**
 * What is known of a host's files without asking: what was seen there, with the changes that were made since. It answers
 * undefined where it does not know, and is kept honest by knowing little: nothing is guessed.
 */
import { basename, dirname } from 'node:path'
import type { Found } from './host-files.js'

interface Node {
  readonly kind: Found
  /** Where a link leads to; undefined when that was not looked at. */
  readonly followed: Found | undefined
  readonly linkText: string | null
  /** Of a folder, when all of them are known. */
  readonly names?: ReadonlySet<string>
  /** Of a file; null when it may not be read. */
  readonly text?: string | null
}

export class Mirror {
  readonly #nodes = new Map<string, Node>()

  see(path: string, kind: Found, followed: Found | undefined, linkText: string | null): void {
    const names = kind === 'folder' ? this.#nodes.get(path)?.names : undefined
    this.#nodes.set(path, { kind, followed, linkText, ...(names === undefined ? {} : { names }) })
  }
  seeNames(folder: string, names: readonly string[]): void {
    const { kind, linkText } = this.#nodes.get(folder) ?? { kind: 'folder', linkText: null }
    this.#nodes.set(folder, { kind, followed: 'folder', linkText, names: new Set(names) })
  }
  seeText(path: string, text: string | null): void {
    this.#nodes.set(path, { kind: 'file', followed: 'file', linkText: null, text })
  }

  kindOf(path: string): Found | undefined {
    return this.#at(path)?.kind
  }
  followed(path: string): Found | undefined {
    return this.#at(path)?.followed
  }
  linkText(path: string): string | null | undefined {
    return this.#at(path)?.linkText
  }
  names(folder: string): readonly string[] | undefined {
    const node = this.#at(folder)
    if (node === undefined) return undefined
    if (node.followed !== undefined && node.followed !== 'folder') return []
    return node.names && [...node.names].sort()
  }
  text(path: string): string | null | undefined {
    return this.#at(path)?.text
  }

  made(path: string, kind: 'file' | 'folder' | 'link', content: string | null = null): void {
    this.removed(path)
    this.#enter(path)
    this.#nodes.delete(path)
    if (kind === 'folder') this.seeNames(path, [])
    else if (kind === 'file')
      this.#nodes.set(path, {
        kind,
        followed: 'file',
        linkText: null,
        ...(content === null ? {} : { text: content }),
      })
    else this.see(path, 'link', undefined, content)
  }
  /** It is there now; what is in it is not known. */
  appeared(path: string, kind: Found): void {
    this.removed(path)
    this.#enter(path)
    this.#nodes.set(path, { kind, followed: kind === 'link' ? undefined : kind, linkText: null })
  }
  removed(path: string): void {
    const below = `${path}/`
    for (const known of this.#nodes.keys()) if (known.startsWith(below)) this.#nodes.delete(known)
    this.see(path, 'nothing', 'nothing', null)
    const parent = this.#nodes.get(dirname(path))
    if (parent?.names === undefined) return
    const names = new Set(parent.names)
    names.delete(basename(path))
    this.#nodes.set(dirname(path), { ...parent, names })
  }
  moved(from: string, to: string): void {
    const carried = [...this.#nodes].filter(([path]) => path === from || path.startsWith(`${from}/`))
    this.removed(from)
    this.removed(to)
    this.#nodes.delete(to) // it is there, whatever it is
    this.#enter(to)
    for (const [path, node] of carried) this.#nodes.set(`${to}${path.slice(from.length)}`, node)
  }
  /** Nothing is known of it and of what is in it any more. */
  unknown(path: string): void {
    const below = `${path}/`
    for (const known of this.#nodes.keys())
      if (known === path || known.startsWith(below)) this.#nodes.delete(known)
    const parent = this.#nodes.get(dirname(path))
    if (parent?.names === undefined) return
    const { kind, followed, linkText } = parent
    this.#nodes.set(dirname(path), { kind, followed, linkText })
  }

  #enter(path: string): void {
    const folder = dirname(path)
    const parent = this.#nodes.get(folder)
    if (parent?.names === undefined) return
    this.#nodes.set(folder, { ...parent, names: new Set([...parent.names, basename(path)]) })
  }

  /** What is not in a folder that is known, or lies below nothing, is not there. */
  #at(path: string): Node | undefined {
    const node = this.#nodes.get(path)
    if (node !== undefined) return node
    const folder = dirname(path)
    if (folder === path) return undefined
    const parent = this.#at(folder)
    const isAbsent =
      parent !== undefined &&
      (parent.kind === 'nothing' || parent.kind === 'file' || parent.names?.has(basename(path)) === false)
    return isAbsent ? { kind: 'nothing', followed: 'nothing', linkText: null } : undefined
  }
}
