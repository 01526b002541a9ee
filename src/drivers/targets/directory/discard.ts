/**
 * Taking a staged release away again: the inverse of staging, from wherever that had come to. The record goes last, so
 * that a discard cut short is found and finished by the next one.
 */
import { DeployError } from '../../../base/deploy-error.js'
import { readCurrent } from './current-link.js'
import { releasePaths } from './layout.js'
import { tidyUp } from './own-folders.js'
import type { Ground } from './place.js'
import { readRecord, removeRecord } from './records.js'
import { readIntents, takeBackShared } from './share.js'

export async function discardRelease(ground: Ground, name: string, signal: AbortSignal): Promise<void> {
  await refuseServing(ground, name)
  await removeRelease(ground, name, 'takeBackShared', signal)
  await tidyUp(ground)
}

/** Everything of one release; true when its folder was there. Retention leaves what is shared. */
export async function removeRelease(
  ground: Ground,
  name: string,
  shared: 'takeBackShared' | 'leaveShared',
  signal: AbortSignal,
): Promise<boolean> {
  const { layout, files } = ground
  const paths = releasePaths(layout, name)
  const wasThere = await files.removeTree(paths.folder, layout.trash)
  await files.removeTree(paths.incoming, layout.trash)
  await removeHalfSent(ground, name)
  if (shared === 'takeBackShared') {
    const record = await readRecord(ground, name)
    const made = [...(record?.madeShared ?? []), ...(await readIntents(ground, name))]
    await takeBackShared(ground, made, signal)
  }
  await files.remove(paths.intents)
  await removeRecord(ground, name)
  return wasThere
}

/** Archives that did not come to their end: kept for the next try while there may be one. */
export async function removeHalfSent({ layout, files }: Ground, name: string): Promise<void> {
  for (const ending of ['.tgz', '.unchanged']) await files.removeMatching(layout.incoming, `${name}.`, ending)
}

/** A plan that discards what serves is wrong: whoever made it has not looked. */
async function refuseServing(ground: Ground, name: string): Promise<void> {
  const current = await readCurrent(ground)
  if (current.kind !== 'link' || current.name !== name) return
  throw new DeployError(
    'BUG',
    `${name} serves (${ground.layout.current} points at it), so it is not removed.`,
    { hint: 'Roll back or deploy another release first; then this one can go.' },
  )
}
