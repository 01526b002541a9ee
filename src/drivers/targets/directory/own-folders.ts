/**
 * The folders deployctl makes for itself under a target's path, and taking them away again when nothing is left in
 * them. What was made is written down once, when deployctl first comes to the place, so that an unwound first
 * deployment leaves no trace and a folder that was somebody's is never removed, not even when it is empty.
 */
import { basename, dirname, join, relative } from 'node:path'
import { ancestorsOf, draftPrefix, type Layout } from './layout.js'
import type { Ground } from './place.js'
import { isOfFormat, namesIn, readJson } from './records.js'

/** Makes the path and deployctl's own folder in it, where they are missing. */
export async function ensureOwnFolder(ground: Ground): Promise<void> {
  const { layout, files } = ground
  const missing = await missingOf(ground, [layout.own, ...ancestorsOf(layout.root)])
  const top = missing.at(-1)
  if (top === undefined || !missing.includes(layout.own)) return
  const made = [...missing, ...(await missingOf(ground, [layout.releases, layout.shared]))]
  await files.makePlace(layout, madeText(layout, made))
  await removeDrafts(ground, top)
}

/** What was begun and not renamed; somebody who is at it this moment begins again. */
async function removeDrafts({ files }: Ground, top: string): Promise<void> {
  await files.removeMatching(dirname(top), basename(draftPrefix(top)), '')
}

/** Makes the folders that staging writes to; `shared/` only comes with the first shared entry. */
export async function ensureFolders(ground: Ground): Promise<void> {
  const { layout, files } = ground
  await ensureOwnFolder(ground)
  for (const folder of [layout.records, layout.manifests, layout.incoming, layout.releases]) {
    await files.makeFolder(folder)
  }
}

/**
 * The end of every operation: removes what killed ones have left half written, and the folders deployctl made, as far
 * as they are empty. Only for one who holds the claim: what is half written may be somebody's who is at it.
 */
export async function tidyUp(ground: Ground): Promise<void> {
  const { layout, files } = ground
  await files.remove(layout.nextLink)
  await files.removeAtOnce(layout.trash, 'tolerant') // what stays is told of when releases are pruned
  for (const folder of [layout.records, layout.manifests, layout.incoming, layout.claim]) {
    await files.removeMatching(folder, '.', '.tmp') // somebody who is writing a claim this moment writes it again
  }
  for (const folder of [layout.records, layout.manifests, layout.incoming]) await files.removeIfEmpty(folder)
  const made = await readMade(ground)
  for (const folder of [layout.releases, layout.shared]) {
    if (made?.includes(folder) === true) await files.removeIfEmpty(folder)
  }
  await leave(ground)
}

/** Removes deployctl's own folder, and what it is in, when nothing is left in them: neither notes nor a claim. */
export async function leave(ground: Ground): Promise<void> {
  const { layout, files } = ground
  await files.removeIfEmpty(layout.claim)
  const top = (await missingOf(ground, [layout.own, ...ancestorsOf(layout.root)])).at(-1)
  if (top !== undefined) await removeDrafts(ground, top)
  const made = await readMade(ground)
  if (made === null) return
  if ((await namesIn(files, layout.own)).some((name) => join(layout.own, name) !== layout.made)) return
  await files.dissolve(layout.own, layout.made, madeText(layout, made))
  for (const folder of ancestorsOf(layout.root)) if (made.includes(folder)) await files.removeIfEmpty(folder)
}

async function missingOf({ files }: Ground, paths: readonly string[]): Promise<readonly string[]> {
  const missing: string[] = []
  for (const path of paths) if ((await files.kindOf(path)) === 'nothing') missing.push(path)
  return missing
}

/** Written relative to the target's path, which may be reached under another name later. */
function madeText(layout: Layout, made: readonly string[]): string {
  const places = made.map((path) => relative(layout.root, path))
  return `${JSON.stringify({ format: 1, made: places })}\n`
}

async function readMade({ layout, files }: Ground): Promise<readonly string[] | null> {
  const written = await readJson(files, layout.made)
  if (!isOfFormat(written) || !Array.isArray(written['made'])) return null
  return written['made'].map((place) => join(layout.root, String(place)))
}
