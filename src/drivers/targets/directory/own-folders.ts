/**
 * The folders deployctl makes for itself under a target's path, and taking them away again when nothing is left in
 * them. What was made is written down once, when deployctl first comes to the place, so that an unwound first
 * deployment leaves no trace and a folder that was somebody's is never removed, not even when it is empty.
 */
import { chmod, mkdir, rename, rm, rmdir } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { DeployError, systemCodeOf } from '../../../base/deploy-error.js'
import { randomHex } from '../../system/random-hex.js'
import { syncFolder } from '../../system/sync-folder.js'
import { writeAtomically } from '../../system/write-atomically.js'
import { isOfFormat, namesIn, readJson } from './records.js'
import { emptyTrash, exists } from './trash.js'
import type { Layout } from './layout.js'

/**
 * Makes the path and deployctl's own folder in it, where they are missing. The topmost missing one is made beside its
 * place, with all that goes into it, and renamed: a kill leaves all of it or a draft that the next one removes.
 */
export async function ensureOwnFolder(layout: Layout): Promise<void> {
  const missing = await missingOf([layout.own, ...ancestorsOf(layout.root)])
  if (!missing.includes(layout.own)) return
  const made = [...missing, ...(await missingOf([layout.releases, layout.shared]))]
  for (let tries = 1; !(await makeAtOnce(layout, made, tries === 100)); tries++);
}

/** False when a neighbour, who makes its own place below the same missing folder, came in between: look again. */
async function makeAtOnce(layout: Layout, made: readonly string[], isLast: boolean): Promise<boolean> {
  const top = (await missingOf([layout.own, ...ancestorsOf(layout.root)])).at(-1)
  if (top === undefined) return true
  const draft = `${draftPrefix(top)}${randomHex(8)}`
  const own = join(draft, relative(top, layout.own))
  try {
    await mkdir(own, { recursive: true })
    await chmod(own, 0o700) // whatever the umask is
    await writeMade(layout, join(own, basename(layout.made)), made)
    await rename(draft, top)
    await syncFolder(dirname(top))
  } catch (error) {
    if (isLast || !isNeighbours(error)) throw error
    return false
  }
  await removeDrafts(top)
  return true
}

/** The folder is there now, or the neighbour took our draft for one that was left behind. */
function isNeighbours(error: unknown): boolean {
  const found = error instanceof DeployError ? error.cause : error
  return ['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(systemCodeOf(found) ?? '')
}

function draftPrefix(top: string): string {
  return join(dirname(top), `.${basename(top)}.deployctl-new-`)
}

/** What was begun and not renamed; somebody who is at it this moment begins again. */
async function removeDrafts(top: string): Promise<void> {
  for (const name of await namesIn(dirname(top))) {
    const path = join(dirname(top), name)
    if (path.startsWith(draftPrefix(top))) await rm(path, { recursive: true, force: true })
  }
}

/** Makes the folders that staging writes to; `shared/` only comes with the first shared entry. */
export async function ensureFolders(layout: Layout): Promise<void> {
  await ensureOwnFolder(layout)
  for (const folder of [layout.records, layout.manifests, layout.incoming, layout.releases]) {
    await mkdir(folder, { recursive: true })
  }
}

/**
 * The end of every operation: removes what killed ones have left half written, and the folders deployctl made, as far
 * as they are empty. Only for one who holds the claim: what is half written may be somebody's who is at it.
 */
export async function tidyUp(layout: Layout): Promise<void> {
  await rm(layout.nextLink, { force: true, recursive: true })
  await emptyTrash(layout).catch(() => undefined) // what cannot be removed is told of when releases are pruned
  for (const folder of [layout.records, layout.manifests, layout.incoming, layout.claim]) {
    for (const name of await namesIn(folder)) {
      // somebody who is writing a claim this moment writes it again
      if (isTemporary(name)) await rm(join(folder, name), { force: true, recursive: true })
    }
  }
  for (const folder of [layout.records, layout.manifests, layout.incoming]) await removeIfEmpty(folder)
  const made = await readMade(layout)
  for (const folder of [layout.releases, layout.shared]) {
    if (made?.includes(folder) === true) await removeIfEmpty(folder)
  }
  await leave(layout)
}

/** Removes deployctl's own folder, and what it is in, when nothing is left in them: neither notes nor a claim. */
export async function leave(layout: Layout): Promise<void> {
  await removeIfEmpty(layout.claim)
  const top = (await missingOf([layout.own, ...ancestorsOf(layout.root)])).at(-1)
  if (top !== undefined) await removeDrafts(top)
  const made = await readMade(layout)
  if (made === null) return
  if ((await namesIn(layout.own)).some((name) => join(layout.own, name) !== layout.made)) return
  await rm(layout.made, { force: true })
  if (!(await removeIfEmpty(layout.own))) return writeMade(layout, layout.made, made) // somebody has just come
  for (const folder of ancestorsOf(layout.root)) if (made.includes(folder)) await removeIfEmpty(folder)
}

/** As writeAtomically names what is not whole yet. */
function isTemporary(name: string): boolean {
  return name.startsWith('.') && name.endsWith('.tmp')
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
async function writeMade(layout: Layout, file: string, made: readonly string[]): Promise<void> {
  const places = made.map((path) => relative(layout.root, path))
  await writeAtomically(file, `${JSON.stringify({ format: 1, made: places })}\n`)
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
