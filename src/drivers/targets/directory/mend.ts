/**
 * Putting single entries of a release in anew, in place, because the folder may be serving: each is renamed over what
 * is there, so that a reader finds the old file or the new one. What nobody deployed (caches, logs) is left alone.
 */
import { chmod, lchown, lstat, mkdir, rename } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { syncFolder } from '../../system/sync-folder.js'
import type { Layout, ReleasePaths } from './layout.js'
import type { Manifest } from './release-files.js'
import { exists, removeTree } from './trash.js'

/** What the folder held when it was staged, and which of it is not so any more. */
export interface Damage {
  readonly known: Manifest
  readonly differing: readonly string[]
}

/** Without a known damage everything is put in anew. The answer describes the folder as it is then. */
export async function mendFolder(
  layout: Layout,
  paths: ReleasePaths,
  fresh: Manifest,
  damage: Damage | null,
): Promise<Manifest> {
  const wanted = damage === null ? null : new Set(damage.differing)
  const mended = fresh.filter((entry) => wanted === null || wanted.has(entry.path))
  const folders = new Set<string>()
  for (const entry of mended) {
    const from = join(paths.incoming, entry.path)
    const to = join(paths.folder, entry.path)
    if (entry.type === 'folder') await mendOneFolder(layout, from, to)
    else await mendOneFile(layout, from, to)
    folders.add(dirname(to))
  }
  for (const folder of folders) await syncFolder(folder)
  if (damage === null) return fresh
  const anew = new Map(mended.map((entry) => [entry.path, entry]))
  return damage.known.map((entry) => anew.get(entry.path) ?? entry)
}

async function mendOneFolder(layout: Layout, from: string, to: string): Promise<void> {
  const wanted = await lstat(from)
  if ((await exists(to)) && !(await lstat(to)).isDirectory()) await removeTree(layout, to)
  await mkdir(to, { recursive: true })
  await lchown(to, wanted.uid, wanted.gid)
  await chmod(to, wanted.mode & 0o7777)
}

async function mendOneFile(layout: Layout, from: string, to: string): Promise<void> {
  if ((await exists(to)) && (await lstat(to)).isDirectory()) await removeTree(layout, to)
  await rename(from, to)
}
