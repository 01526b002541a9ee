/**
 * The folders deployctl makes for itself under a target's path, and taking them away again when nothing is left in
 * them. What was made is written down once, when deployctl first comes to the place, so that an unwound first
 * deployment leaves no trace and a folder that was somebody's is never removed, not even when it is empty.
 */
import { chmod, mkdir, rm, rmdir } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { systemCodeOf } from '../../../base/deploy-error.js'
import { removeTemporaries, writeAtomically } from '../../system/write-atomically.js'
import { isOfFormat, namesIn, readJson } from './records.js'
import { exists } from './trash.js'
import type { Layout } from './layout.js'

/** Makes the path and deployctl's own folder in it, where they are missing. */
export async function ensureOwnFolder(layout: Layout): Promise<void> {
  const names = await namesIn(layout.own)
  // one without anything, or with half a note of what was made, is what a kill between the next steps leaves
  if (names.some((name) => !name.startsWith('.made.json.'))) return
  const made = await missingOf([...ancestorsOf(layout.root), layout.releases, layout.shared])
  await mkdir(layout.own, { recursive: true })
  await chmod(layout.own, 0o700) // whatever the umask is
  await writeMade(layout, [...made, layout.own])
}

/** Makes the folders that staging writes to; `shared/` only comes with the first shared entry. */
export async function ensureFolders(layout: Layout): Promise<void> {
  await ensureOwnFolder(layout)
  for (const folder of [layout.records, layout.manifests, layout.incoming, layout.releases]) {
    await mkdir(folder, { recursive: true })
  }
}

/** Removes the folders deployctl made, as far as they are empty. Deployctl's own goes last, when nothing else is left. */
export async function removeEmptyFolders(layout: Layout): Promise<void> {
  for (const folder of [layout.records, layout.manifests, layout.incoming, layout.trash, layout.claim]) {
    await removeIfEmpty(folder)
  }
  const made = await readMade(layout)
  if (made === null) return
  for (const folder of [layout.releases, layout.shared])
    if (made.includes(folder)) await removeIfEmpty(folder)
  await removeTemporaries(layout.made)
  if ((await namesIn(layout.own)).some((name) => join(layout.own, name) !== layout.made)) return
  await rm(layout.made, { force: true })
  if (!(await removeIfEmpty(layout.own))) return writeMade(layout, made) // another process began to work here
  for (const folder of ancestorsOf(layout.root)) if (made.includes(folder)) await removeIfEmpty(folder)
}

/** The path itself, the folder it is in, and so on up. */
function ancestorsOf(path: string): readonly string[] {
  const parent = dirname(path)
  return parent === path ? [path] : [path, ...ancestorsOf(parent)]
}

async function missingOf(paths: readonly string[]): Promise<readonly string[]> {
  const missing: string[] = []
  for (const path of paths) if (!(await exists(path))) missing.push(path)
  return missing
}

/** Written relative to the target's path, which may be reached under another name later. */
async function writeMade(layout: Layout, made: readonly string[]): Promise<void> {
  const places = made.map((path) => relative(layout.root, path))
  await writeAtomically(layout.made, `${JSON.stringify({ format: 1, made: places })}\n`)
}

async function readMade(layout: Layout): Promise<readonly string[] | null> {
  const written = await readJson(layout.made)
  if (!isOfFormat(written) || !Array.isArray(written['made'])) return null
  return written['made'].map((place) => join(layout.root, String(place)))
}

async function removeIfEmpty(folder: string): Promise<boolean> {
  try {
    await rmdir(folder)
    return true
  } catch (error) {
    const code = systemCodeOf(error)
    if (code === 'ENOENT') return true
    if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'EBUSY' || code === 'ENOTDIR') return false
    if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return false // an empty folder that stays is no harm
    throw error
  }
}
