/**
 * Putting a release where it will run. It is made whole in deployctl's own folder, written down, and only then renamed
 * into `releases/`: whatever stops this half way, what lies in `releases/` with a record is whole, and the next try
 * begins anew or finds it done.
 */
import { rename, rm } from 'node:fs/promises'
import { DeployError } from '../../../base/deploy-error.js'
import type { Instance } from '../../../model/instance.js'
import type { FetchedArtifact } from '../../../model/source.js'
import type { OperationContext } from '../../../model/target.js'
import { scanTree, writeManifest } from '../../artifacts/tree-manifest.js'
import { syncFolder } from '../../system/sync-folder.js'
import { readCurrent } from './current-link.js'
import { releasePaths, type Layout } from './layout.js'
import { mendFolder } from './mend.js'
import { ensureFolders, tidyUp } from './own-folders.js'
import { give, giveTree, resolveOwner } from './owner.js'
import type { Place } from './place.js'
import { readRecord, writeRecord, type ReleaseRecord } from './records.js'
import { compareRelease, sizeOf, unpackInto, type Manifest } from './release-files.js'
import { readIntents, shareEntries, writeIntents } from './share.js'
import type { MadeShared } from './shared-plan.js'
import { exists, removeTree } from './trash.js'

/** A release made whole, not yet in its place. */
interface Fresh {
  readonly manifest: Manifest
  readonly madeShared: readonly MadeShared[]
}

/** What of the release is in its place already. */
type Lying =
  | { readonly kind: 'whole' }
  | { readonly kind: 'nothing' }
  /** Some paths are to be put in anew, one by one, since the folder may be serving. */
  | { readonly kind: 'damaged'; readonly known: Manifest; readonly differing: readonly string[] }
  /** It serves, but what it should hold is not known any more: all of it is put in anew. */
  | { readonly kind: 'unknown' }

export async function stageRelease(
  place: Place,
  instance: Instance,
  obtain: () => Promise<FetchedArtifact>,
  context: OperationContext,
): Promise<void> {
  const { layout } = place
  const record = await readRecord(layout, instance.name)
  if (record !== null) refuseNamesake(layout, record, instance)
  const lying = await lookAt(layout, instance.name, record, context.signal)
  if (lying.kind !== 'whole') {
    await ensureFolders(layout)
    const fresh = await makeWhole(place, instance, await obtain(), record, context)
    if (lying.kind === 'nothing') await putInPlace(place, instance, record, fresh, context)
    else await mend(place, instance, record, fresh, lying, context)
  }
  await removeLeftovers(layout, instance.name)
}

/** Eight digits of a digest name a folder; should two releases ever share them, neither takes the other's place. */
function refuseNamesake(layout: Layout, record: ReleaseRecord, instance: Instance): void {
  if (record.release.digest === instance.release.digest) return
  const folder = releasePaths(layout, instance.name).folder
  throw new DeployError('TARGET_REFUSED', `${folder} holds another release of the same name.`, {
    details: [`there: ${record.release.digest}`, `to be staged: ${instance.release.digest}`],
    hint: 'Publish the new one under another version, or remove the old one first.',
  })
}

async function lookAt(
  layout: Layout,
  name: string,
  record: ReleaseRecord | null,
  signal: AbortSignal,
): Promise<Lying> {
  if (!(await exists(releasePaths(layout, name).folder))) return { kind: 'nothing' }
  const comparison = await compareRelease(layout, name, signal)
  if (comparison.kind === 'compared' && record !== null) {
    const { manifest, differences } = comparison
    const differing = differences.map(({ path }) => path)
    return differing.length === 0 ? { kind: 'whole' } : { kind: 'damaged', known: manifest, differing }
  }
  const current = await readCurrent(layout)
  return { kind: current.kind === 'link' && current.name === name ? 'unknown' : 'nothing' }
}

/** Unpacks into deployctl's own folder and makes the release what it is to be: owned, linked, on disk. */
async function makeWhole(
  { layout, options, ports }: Place,
  instance: Instance,
  artifact: FetchedArtifact,
  record: ReleaseRecord | null,
  context: OperationContext,
): Promise<Fresh> {
  const { name, release } = instance
  const { incoming } = releasePaths(layout, name)
  const owner = options.owner === null ? null : await resolveOwner(options.owner, ports.shell, context.signal)
  await removeTree(layout, incoming)
  await writeIntents(layout, name, [...(record?.madeShared ?? []), ...(await readIntents(layout, name))])
  await unpackInto(incoming, artifact, release, options, context)
  await giveTree(incoming, owner)
  const giveOne = (path: string): Promise<void> => give(path, owner)
  const madeShared = await shareEntries(layout, name, incoming, options.shared, giveOne, context)
  return { manifest: await scanTree(incoming, context.signal), madeShared }
}

/** The record is on disk before the folder is in its place: a folder in its place has one. */
async function putInPlace(
  { layout, ports }: Place,
  instance: Instance,
  earlier: ReleaseRecord | null,
  { manifest, madeShared }: Fresh,
  context: OperationContext,
): Promise<void> {
  const paths = releasePaths(layout, instance.name)
  await removeTree(layout, paths.folder)
  await writeManifest(paths.manifest, manifest)
  await writeRecord(layout, {
    format: 1,
    name: instance.name,
    release: instance.release,
    status: earlier?.status ?? 'staged',
    stagedAt: ports.clock.now().toISOString(),
    publishedAt: earlier?.publishedAt ?? null,
    deployment: context.deployment,
    bytes: sizeOf(manifest),
    madeShared,
    replacedLink: earlier?.replacedLink ?? null,
  })
  await rename(paths.incoming, paths.folder)
  await syncFolder(layout.releases)
}

async function mend(
  place: Place,
  instance: Instance,
  record: ReleaseRecord | null,
  fresh: Fresh,
  lying: Extract<Lying, { kind: 'damaged' | 'unknown' }>,
  context: OperationContext,
): Promise<void> {
  const { layout, ports } = place
  const paths = releasePaths(layout, instance.name)
  const known = lying.kind === 'damaged' ? lying : null
  const manifest = await mendFolder(layout, paths, fresh.manifest, known)
  await writeManifest(paths.manifest, manifest)
  const now = ports.clock.now().toISOString()
  await writeRecord(layout, {
    ...(record ?? {
      format: 1,
      name: instance.name,
      release: instance.release,
      status: 'published',
      stagedAt: now,
      publishedAt: now,
      deployment: context.deployment,
      replacedLink: null,
    }),
    bytes: sizeOf(manifest),
    madeShared: fresh.madeShared,
  })
}

/** What a mending, or an earlier run that was killed, has left beside a release that is whole now. */
async function removeLeftovers(layout: Layout, name: string): Promise<void> {
  const paths = releasePaths(layout, name)
  await removeTree(layout, paths.incoming)
  await rm(paths.intents, { force: true })
  await tidyUp(layout)
}
