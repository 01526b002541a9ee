/**
 * Putting single entries of a release in anew, in place, because the folder may be serving: each is renamed over what
 * is there, so that a reader finds the old file or the new one. What nobody deployed (caches, logs) is left alone.
 */
import { dirname, join } from 'node:path'
import type { Manifest } from './files/host-files.js'
import type { ReleasePaths } from './layout.js'
import type { Ground } from './place.js'

/** What the folder held when it was staged, and which of it is not so any more. */
export interface Damage {
  readonly known: Manifest
  readonly differing: readonly string[]
}

/** Without a known damage everything is put in anew. The answer describes the folder as it is then. */
export async function mendFolder(
  ground: Ground,
  paths: ReleasePaths,
  fresh: Manifest,
  damage: Damage | null,
): Promise<Manifest> {
  const wanted = damage === null ? null : new Set(damage.differing)
  const mended = fresh.filter((entry) => wanted === null || wanted.has(entry.path))
  ground.files.foresee({ paths: mended.map(({ path }) => join(paths.folder, path)) })
  const folders = new Set<string>()
  for (const entry of mended) {
    const from = join(paths.incoming, entry.path)
    const to = join(paths.folder, entry.path)
    if (entry.type === 'folder') await mendOneFolder(ground, from, to)
    else await mendOneFile(ground, from, to)
    folders.add(dirname(to))
  }
  for (const folder of folders) await ground.files.sync(folder)
  if (damage === null) return fresh
  const anew = new Map(mended.map((entry) => [entry.path, entry]))
  return damage.known.map((entry) => anew.get(entry.path) ?? entry)
}

async function mendOneFolder({ layout, files }: Ground, from: string, to: string): Promise<void> {
  const kind = await files.kindOf(to)
  if (kind !== 'folder' && kind !== 'nothing') await files.removeTree(to, layout.trash)
  await files.makeAlike(from, to)
}

async function mendOneFile({ layout, files }: Ground, from: string, to: string): Promise<void> {
  if ((await files.kindOf(to)) === 'folder') await files.removeTree(to, layout.trash)
  await files.move(from, to)
}
