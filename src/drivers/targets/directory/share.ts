/**
 * Linking what releases have in common into an unpacked release, and taking back what that put into `shared/`.
 *
 * What is going to be put there is written down first (the intents), so that the discard of a staging that was killed
 * half way still knows it. What somebody has used since is left: it is not deployctl's to lose.
 */
import { lstat, mkdir, readlink, rename, rmdir, stat, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DeployError, systemCodeOf } from '../../../base/deploy-error.js'
import type { OperationContext } from '../../../model/target.js'
import { digestOfFile } from '../../artifacts/file-digest.js'
import { treeDigest } from '../../artifacts/tree-manifest.js'
import { syncFolder } from '../../system/sync-folder.js'
import { writeAtomically } from '../../system/write-atomically.js'
import { isAbsent } from './current-link.js'
import { releasePaths, type Layout } from './layout.js'
import type { SharedEntry } from './options.js'
import { isOfFormat, namesIn, readJson } from './records.js'
import {
  parentsOf,
  sharedAction,
  sharedLinkText,
  type Found,
  type MadeShared,
  type SharedAction,
  type SharedSituation,
} from './shared-plan.js'
import { exists, removeTree } from './trash.js'

/** Gives a new folder or link to whom the release belongs. */
export type Give = (path: string) => Promise<void>

interface Decision {
  readonly situation: SharedSituation
  readonly action: SharedAction
}

/** Puts the links into the unpacked release `tree`; answers what `shared/` got by this and earlier tries. */
export async function shareEntries(
  layout: Layout,
  name: string,
  tree: string,
  entries: readonly SharedEntry[],
  give: Give,
  context: OperationContext,
): Promise<readonly MadeShared[]> {
  const earlier = await readIntents(layout, name)
  if (entries.length === 0) return earlier
  const decisions: Decision[] = []
  for (const entry of entries) {
    const situation = await lookAt(layout, tree, entry)
    decisions.push({ situation, action: sharedAction(situation) })
  }
  const making = await intentsOf(decisions, tree, context.signal)
  const made = [...earlier.filter((one) => !making.some(({ place }) => place === one.place)), ...making]
  await writeIntents(layout, name, made)
  await makeFolder(layout.shared, give)
  for (const decision of decisions) {
    await share(layout, tree, decision, give)
    if (decision.action !== 'await') continue
    const missing = join(layout.shared, decision.situation.entry.place)
    context.onLine({
      stream: 'stderr',
      text: `${missing} is not there yet: put it there before the release needs it`,
    })
  }
  return made
}

async function share(
  layout: Layout,
  tree: string,
  { situation, action }: Decision,
  give: Give,
): Promise<void> {
  const { place } = situation.entry
  const inRelease = join(tree, place)
  const inShared = join(layout.shared, place)
  for (const parent of situation.missingParents) await makeFolder(join(layout.shared, parent), give)
  if (action === 'makeFolder') await makeFolder(inShared, give)
  if (action === 'move') await moveIn(inRelease, inShared)
  if (action === 'keep') await removeTree(layout, inRelease)
  for (const parent of parentsOf(place)) await makeFolder(join(tree, parent), give)
  await symlink(sharedLinkText(place), inRelease)
  await give(inRelease)
  await syncFolder(dirname(inShared))
  await syncFolder(dirname(inRelease))
}

async function moveIn(from: string, to: string): Promise<void> {
  try {
    await rename(from, to)
  } catch (error) {
    if (systemCodeOf(error) !== 'EXDEV') throw error
    throw new DeployError(
      'TARGET_REFUSED',
      `${to} cannot take what the release ships: it lies on another file system.`,
      {
        hint: `Put the first one there yourself: make ${to}, then deploy again.`,
        cause: error,
      },
    )
  }
}

async function makeFolder(path: string, give: Give): Promise<void> {
  try {
    await mkdir(path)
    await give(path)
  } catch (error) {
    if (systemCodeOf(error) !== 'EEXIST') throw error
  }
}

async function lookAt(layout: Layout, tree: string, entry: SharedEntry): Promise<SharedSituation> {
  const missingParents: string[] = []
  let blockedBy: string | null = null
  for (const parent of parentsOf(entry.place)) {
    const shipped = await foundAt(join(tree, parent))
    const present = await foundAt(join(layout.shared, parent))
    if (present === 'nothing') missingParents.push(parent)
    if (shipped !== 'nothing' && shipped !== 'folder') blockedBy ??= `${parent} in the release`
    if (present !== 'nothing' && present !== 'folder') blockedBy ??= join(layout.shared, parent)
  }
  if (blockedBy !== null) return { entry, shipped: 'nothing', present: 'nothing', missingParents, blockedBy }
  const shipped = await foundAt(join(tree, entry.place))
  const present = await foundAt(join(layout.shared, entry.place), 'follow')
  return { entry, shipped, present, missingParents, blockedBy }
}

async function foundAt(path: string, links?: 'follow'): Promise<Found> {
  try {
    const entry = links === 'follow' ? await stat(path) : await lstat(path)
    if (entry.isSymbolicLink()) return 'link'
    if (entry.isDirectory()) return 'folder'
    return entry.isFile() ? 'file' : 'other'
  } catch (error) {
    if (!isAbsent(error)) throw error
    return links === 'follow' && (await exists(path)) ? 'link' : 'nothing' // a link that leads nowhere
  }
}

async function intentsOf(
  decisions: readonly Decision[],
  tree: string,
  signal: AbortSignal,
): Promise<readonly MadeShared[]> {
  const intents = new Map<string, MadeShared>()
  for (const { situation, action } of decisions) {
    for (const place of situation.missingParents) intents.set(place, { place, kind: 'folder', digest: null })
    const { place } = situation.entry
    if (action === 'makeFolder') intents.set(place, { place, kind: 'folder', digest: null })
    if (action === 'move')
      intents.set(place, { place, kind: 'moved', digest: await digestOf(join(tree, place), signal) })
  }
  return [...intents.values()]
}

export async function readIntents(layout: Layout, name: string): Promise<readonly MadeShared[]> {
  const written = await readJson(releasePaths(layout, name).intents)
  // what is of this format was written by writeIntents
  return isOfFormat(written) && Array.isArray(written['made'])
    ? (written['made'] as readonly MadeShared[])
    : []
}

export async function writeIntents(layout: Layout, name: string, made: readonly MadeShared[]): Promise<void> {
  if (made.length === 0) return
  await writeAtomically(releasePaths(layout, name).intents, `${JSON.stringify({ format: 1, made })}\n`)
}

/** Innermost first; only what is as it was made, and what no other release links to. */
export async function takeBackShared(
  layout: Layout,
  made: readonly MadeShared[],
  signal: AbortSignal,
): Promise<void> {
  const sorted = [...made].sort((a, b) => (a.place < b.place ? 1 : -1))
  for (const { place, kind, digest } of sorted) {
    const path = join(layout.shared, place)
    if (!(await exists(path)) || (await isLinkedElsewhere(layout, place))) continue
    if (kind === 'folder') await removeIfEmpty(path)
    else if ((await digestOf(path, signal).catch(() => null)) === digest) await removeTree(layout, path)
  }
}

/** Of a file or of a folder with all that is in it. */
async function digestOf(path: string, signal: AbortSignal): Promise<string> {
  return (await lstat(path)).isDirectory() ? treeDigest(path, signal) : digestOfFile(path, 'sha256', signal)
}

async function isLinkedElsewhere(layout: Layout, place: string): Promise<boolean> {
  for (const name of await namesIn(layout.releases)) {
    const link = join(layout.releases, name, place)
    const text = await readlink(link).catch(() => null)
    if (text === sharedLinkText(place)) return true
  }
  return false
}

async function removeIfEmpty(folder: string): Promise<void> {
  try {
    await rmdir(folder)
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(systemCodeOf(error) ?? '')) throw error
  }
}
