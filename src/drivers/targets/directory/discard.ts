/**
 * Taking a staged release away again: the inverse of staging, from wherever that had come to. The record goes last, so
 * that a discard cut short is found and finished by the next one.
 */
import { rm } from 'node:fs/promises'
import { DeployError } from '../../../base/deploy-error.js'
import { readCurrent } from './current-link.js'
import { releasePaths, type Layout } from './layout.js'
import { tidyUp } from './own-folders.js'
import { readRecord, removeRecord } from './records.js'
import { readIntents, takeBackShared } from './share.js'
import { removeTree } from './trash.js'

export async function discardRelease(layout: Layout, name: string, signal: AbortSignal): Promise<void> {
  await refuseServing(layout, name)
  await removeRelease(layout, name, 'takeBackShared', signal)
  await tidyUp(layout)
}

/** Everything of one release; true when its folder was there. Retention leaves what is shared. */
export async function removeRelease(
  layout: Layout,
  name: string,
  shared: 'takeBackShared' | 'leaveShared',
  signal: AbortSignal,
): Promise<boolean> {
  const paths = releasePaths(layout, name)
  const wasThere = await removeTree(layout, paths.folder)
  await removeTree(layout, paths.incoming)
  if (shared === 'takeBackShared') {
    const record = await readRecord(layout, name)
    await takeBackShared(
      layout,
      [...(record?.madeShared ?? []), ...(await readIntents(layout, name))],
      signal,
    )
  }
  await rm(paths.intents, { force: true })
  await removeRecord(layout, name)
  return wasThere
}

/** A plan that discards what serves is wrong: whoever made it has not looked. */
async function refuseServing(layout: Layout, name: string): Promise<void> {
  const current = await readCurrent(layout)
  if (current.kind !== 'link' || current.name !== name) return
  throw new DeployError('BUG', `${name} serves (${layout.current} points at it), so it is not removed.`, {
    hint: 'Roll back or deploy another release first; then this one can go.',
  })
}
