/**
 * The folders deployctl makes for itself under a target's path, and taking them away again when nothing is left in
 * them. What was made is written down once, when deployctl first comes to the place, so that an unwound first
 * deployment leaves no trace and a folder that was somebody's is never removed, not even when it is empty.
 */
import { join } from 'node:path'
import { isMadeNote, madeIn } from './made-note.js'
import type { Ground } from './place.js'
import { namesIn } from './records.js'

/** Makes the path and deployctl's own folder in it, where they are missing. */
export async function ensureOwnFolder({ layout, files }: Ground): Promise<void> {
  if ((await files.kindOf(layout.own)) === 'nothing') await files.makePlace(layout)
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
  if ((await namesIn(files, layout.own)).every(isMadeNote)) await files.leavePlace(layout)
}

async function readMade({ layout, files }: Ground): Promise<readonly string[] | null> {
  const notes = (await namesIn(files, layout.own)).filter(isMadeNote)
  const texts: string[] = []
  for (const name of notes) texts.push((await files.text(join(layout.own, name))) ?? '')
  return madeIn(layout, texts.join('\n'))
}
