/**
 * Retention: removes the releases that nobody is to roll back to any more. What to keep is decided by the planner;
 * here it is only made sure that what serves stays whatever the plan says, and that one failure hinders no other.
 */
import { join } from 'node:path'
import { DeployError } from '../../../base/deploy-error.js'
import type { OperationContext } from '../../../model/target.js'
import { readCurrent } from './current-link.js'
import { removeRelease } from './discard.js'
import { tidyUp } from './own-folders.js'
import type { Ground } from './place.js'
import { namesIn } from './records.js'
import { releaseFolders, type ReleaseFolder } from './release-folders.js'

/** The names to remove, and the folders to leave because they are not deployctl's. Pure. */
export function choosePruned(
  folders: readonly ReleaseFolder[],
  keep: readonly string[],
  serving: string | null,
): { readonly remove: readonly string[]; readonly foreign: readonly string[] } {
  const stays = new Set(serving === null ? keep : [...keep, serving])
  return {
    remove: folders
      .filter((folder) => folder.kind !== 'foreign' && !stays.has(folder.name))
      .map(({ name }) => name),
    foreign: folders.filter((folder) => folder.kind === 'foreign').map(({ name }) => name),
  }
}

export async function pruneReleases(
  ground: Ground,
  keep: readonly string[],
  context: OperationContext,
): Promise<readonly string[]> {
  const { layout, files } = ground
  const current = await readCurrent(ground)
  const serving = current.kind === 'link' ? current.name : null
  const { remove, foreign } = choosePruned(await releaseFolders(ground), keep, serving)
  if (foreign.length > 0) {
    context.onLine({
      stream: 'stderr',
      text: `left in ${layout.releases}, not made by deployctl: ${foreign.join(', ')}`,
    })
  }
  const failures: string[] = []
  const attempt = async (what: string, work: () => Promise<unknown>): Promise<boolean> => {
    if (context.signal.aborted) return false
    try {
      await work()
      await files.settle()
      return true
    } catch (error) {
      failures.push(`${what}: ${error instanceof Error ? error.message : String(error)}`)
      return false
    }
  }
  const removed: string[] = []
  for (const name of remove) {
    if (await attempt(name, () => removeRelease(ground, name, 'leaveShared', context.signal)))
      removed.push(name)
  }
  for (const name of await namesIn(files, layout.incoming)) {
    await attempt(name, () => files.removeTree(join(layout.incoming, name), layout.trash))
  }
  await attempt('trash', () => files.removeAtOnce(layout.trash))
  await attempt('deployctl’s own folder', () => tidyUp(ground))
  if (failures.length === 0) return removed
  throw new DeployError(
    'TARGET_REFUSED',
    `${failures.length} of the old releases in ${layout.releases} could not be removed.`,
    {
      details: failures,
      hint: 'They harm nothing but take room. Remove them by hand, or let a later deployment try again.',
    },
  )
}
