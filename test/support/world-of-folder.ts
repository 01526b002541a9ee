/**
 * A folder with everything in it as plain data, for comparing two worlds: paths, kinds, modes, link texts, contents.
 * Times and owners are left out, since doing and undoing a thing rightly moves them.
 */
import { createHash } from 'node:crypto'
import { lstat, readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'

/** One line for each entry, by its path: `folder 755`, `file 644 <12 hex digits>`, `link -> text`. */
export type FolderWorld = { readonly [path: string]: string }

export interface WorldOptions {
  /** Paths (relative) to leave out, with all that is in them. */
  readonly without?: (path: string) => boolean
}

/** A folder that is not there is an empty world; one that is there has at least the entry `.`. */
export async function worldOfFolder(
  root: string,
  { without = () => false }: WorldOptions = {},
): Promise<FolderWorld> {
  const world: { [path: string]: string } = {}
  const visit = async (place: string): Promise<void> => {
    if (without(place)) return
    const path = join(root, place)
    world[place] = await describe(path)
    if (!world[place].startsWith('folder')) return
    for (const name of (await readdir(path)).sort()) await visit(place === '.' ? name : `${place}/${name}`)
  }
  if (await isThere(root)) await visit('.')
  return world
}

async function describe(path: string): Promise<string> {
  const entry = await lstat(path)
  if (entry.isSymbolicLink()) return `link -> ${await readlink(path)}`
  const mode = (entry.mode & 0o7777).toString(8)
  if (entry.isDirectory()) return `folder ${mode}`
  if (!entry.isFile()) return `other ${(entry.mode & 0o170000).toString(8)} ${mode}`
  const digest = createHash('sha256')
    .update(await readFile(path))
    .digest('hex')
    .slice(0, 12)
  return `file ${mode} ${digest}`
}

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  )
}
