/**
 * Linking what releases have in common into an unpacked release, and taking back what that put into `shared/`.
 *
 * What is going to be put there is written down first (the intents), so that the discard of a staging that was killed
 * half way still knows it. What somebody has used since is left: it is not deployctl's to lose.
 */
import { dirname, join } from 'node:path'
import type { OperationContext } from '../../../model/target.js'
import { releasePaths, type Layout } from './layout.js'
import type { SharedEntry } from './options.js'
import type { Ground } from './place.js'
import { isOfFormat, namesIn, readJson } from './records.js'
import {
  parentsOf,
  sharedAction,
  sharedLinkText,
  type MadeShared,
  type SharedAction,
  type SharedSituation,
} from './shared-plan.js'

/** Gives a new folder or link to whom the release belongs. */
export type Give = (path: string) => Promise<void>

interface Decision {
  readonly situation: SharedSituation
  readonly action: SharedAction
}

/** Puts the links into the unpacked release `tree`; answers what `shared/` got by this and earlier tries. */
export async function shareEntries(
  ground: Ground,
  name: string,
  tree: string,
  entries: readonly SharedEntry[],
  give: Give,
  context: OperationContext,
): Promise<readonly MadeShared[]> {
  const { layout, files } = ground
  const earlier = await readIntents(ground, name)
  if (entries.length === 0) return earlier
  files.foresee({ paths: placesOf(layout, tree, entries) })
  const decisions: Decision[] = []
  for (const entry of entries) {
    const situation = await lookAt(ground, tree, entry)
    decisions.push({ situation, action: sharedAction(situation) })
  }
  const making = await intentsOf(ground, decisions, tree, context.signal)
  const made = [...earlier.filter((one) => !making.some(({ place }) => place === one.place)), ...making]
  await writeIntents(ground, name, made)
  await makeFolder(ground, layout.shared, give)
  for (const decision of decisions) {
    await share(ground, tree, decision, give)
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
  ground: Ground,
  tree: string,
  { situation, action }: Decision,
  give: Give,
): Promise<void> {
  const { layout, files } = ground
  const { place } = situation.entry
  const inRelease = join(tree, place)
  const inShared = join(layout.shared, place)
  for (const parent of situation.missingParents) await makeFolder(ground, join(layout.shared, parent), give)
  if (action === 'makeFolder') await makeFolder(ground, inShared, give)
  if (action === 'move') await files.moveIn(inRelease, inShared)
  if (action === 'keep') await files.removeTree(inRelease, layout.trash)
  for (const parent of parentsOf(place)) await makeFolder(ground, join(tree, parent), give)
  await files.link(sharedLinkText(place), inRelease)
  await give(inRelease)
  await files.sync(dirname(inShared))
  await files.sync(dirname(inRelease))
}

async function makeFolder({ files }: Ground, path: string, give: Give): Promise<void> {
  if ((await files.kindOf(path)) !== 'nothing') return
  await files.makeFolder(path)
  await give(path)
}

/** Everything that `lookAt` asks for. */
function placesOf(layout: Layout, tree: string, entries: readonly SharedEntry[]): readonly string[] {
  return entries
    .flatMap(({ place }) => [...parentsOf(place), place])
    .flatMap((place) => [join(tree, place), join(layout.shared, place)])
}

async function lookAt({ layout, files }: Ground, tree: string, entry: SharedEntry): Promise<SharedSituation> {
  const missingParents: string[] = []
  let blockedBy: string | null = null
  for (const parent of parentsOf(entry.place)) {
    const shipped = await files.kindOf(join(tree, parent))
    const present = await files.kindOf(join(layout.shared, parent))
    if (present === 'nothing') missingParents.push(parent)
    if (shipped !== 'nothing' && shipped !== 'folder') blockedBy ??= `${parent} in the release`
    if (present !== 'nothing' && present !== 'folder') blockedBy ??= join(layout.shared, parent)
  }
  if (blockedBy !== null) return { entry, shipped: 'nothing', present: 'nothing', missingParents, blockedBy }
  const shipped = await files.kindOf(join(tree, entry.place))
  const present = await files.kindOf(join(layout.shared, entry.place), 'follow')
  return { entry, shipped, present, missingParents, blockedBy }
}

async function intentsOf(
  { files }: Ground,
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
      intents.set(place, { place, kind: 'moved', digest: await files.digestOf(join(tree, place), signal) })
  }
  return [...intents.values()]
}

export async function readIntents({ layout, files }: Ground, name: string): Promise<readonly MadeShared[]> {
  const written = await readJson(files, releasePaths(layout, name).intents)
  // what is of this format was written by writeIntents
  return isOfFormat(written) && Array.isArray(written['made'])
    ? (written['made'] as readonly MadeShared[])
    : []
}

export async function writeIntents(
  { layout, files }: Ground,
  name: string,
  made: readonly MadeShared[],
): Promise<void> {
  if (made.length === 0) return
  await files.write(releasePaths(layout, name).intents, `${JSON.stringify({ format: 1, made })}\n`)
}

/** Innermost first; only what is as it was made, and what no other release links to. */
export async function takeBackShared(
  ground: Ground,
  made: readonly MadeShared[],
  signal: AbortSignal,
): Promise<void> {
  const { layout, files } = ground
  const sorted = [...made].sort((a, b) => (a.place < b.place ? 1 : -1))
  const releases = sorted.length === 0 ? [] : await namesIn(files, layout.releases)
  files.foresee({
    paths: sorted.flatMap(({ place }) => [
      join(layout.shared, place),
      ...releases.map((name) => join(layout.releases, name, place)),
    ]),
  })
  for (const { place, kind, digest } of sorted) {
    const path = join(layout.shared, place)
    if ((await files.kindOf(path)) === 'nothing') continue
    if (await isLinkedElsewhere(ground, releases, place)) continue
    if (kind === 'folder') await files.removeIfEmpty(path)
    else if ((await files.digestOf(path, signal).catch(() => null)) === digest)
      await files.removeTree(path, layout.trash)
  }
}

async function isLinkedElsewhere(
  { layout, files }: Ground,
  releases: readonly string[],
  place: string,
): Promise<boolean> {
  for (const name of releases) {
    const text = await files.linkText(join(layout.releases, name, place)).catch(() => null)
    if (text === sharedLinkText(place)) return true
  }
  return false
}
