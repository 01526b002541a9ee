/**
 * Putting a release where it will run. It is made whole in deployctl's own folder, written down, and only then renamed
 * into `releases/`: whatever stops this half way, what lies in `releases/` with a record is whole, and the next try
 * begins anew or finds it done.
 */
import { DeployError } from '../../../base/deploy-error.js'
import type { Instance } from '../../../model/instance.js'
import type { FetchedArtifact } from '../../../model/source.js'
import type { OperationContext } from '../../../model/target.js'
import { readCurrent } from './current-link.js'
import { removeHalfSent } from './discard.js'
import type { Manifest } from './files/host-files.js'
import { releasePaths, type Layout } from './layout.js'
import { mendFolder } from './mend.js'
import { ensureFolders, tidyUp } from './own-folders.js'
import { resolveOwner } from './owner.js'
import type { Ground, Place } from './place.js'
import { readRecord, writeRecord, type ReleaseRecord } from './records.js'
import { readIntents, shareEntries, writeIntents } from './share.js'
import type { MadeShared } from './shared-plan.js'

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
  const { layout, files } = place
  files.foresee({ compare: releasePaths(layout, instance.name) })
  const record = await readRecord(place, instance.name)
  if (record !== null) refuseNamesake(layout, record, instance)
  const lying = await lookAt(place, instance.name, record, context.signal)
  if (lying.kind !== 'whole') {
    await ensureFolders(place)
    const unpack = await files.ready(obtain, instance.release, place.options, context)
    const fresh = await makeWhole(place, instance, unpack, record, context)
    if (lying.kind === 'nothing') await putInPlace(place, instance, record, fresh, context)
    else await mend(place, instance, record, fresh, lying, context)
  }
  await removeLeftovers(place, instance.name)
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
  ground: Ground,
  name: string,
  record: ReleaseRecord | null,
  signal: AbortSignal,
): Promise<Lying> {
  const { layout, files } = ground
  const paths = releasePaths(layout, name)
  if ((await files.kindOf(paths.folder)) === 'nothing') return { kind: 'nothing' }
  const comparison = await files.compare(paths, signal)
  if (comparison.kind === 'same' && record !== null) return { kind: 'whole' }
  if (comparison.kind === 'differs' && record !== null) {
    const { manifest, differences } = comparison
    return { kind: 'damaged', known: manifest, differing: differences.map(({ path }) => path) }
  }
  const current = await readCurrent(ground)
  return { kind: current.kind === 'link' && current.name === name ? 'unknown' : 'nothing' }
}

/** Unpacks into deployctl's own folder and makes the release what it is to be: owned, linked, on disk. */
async function makeWhole(
  place: Place,
  instance: Instance,
  unpack: (folder: string) => Promise<void>,
  record: ReleaseRecord | null,
  context: OperationContext,
): Promise<Fresh> {
  const { layout, files, options, shell } = place
  const { name } = instance
  const { incoming } = releasePaths(layout, name)
  const owner = options.owner === null ? null : await resolveOwner(options.owner, shell, context.signal)
  await files.removeTree(incoming, layout.trash)
  await writeIntents(place, name, [...(record?.madeShared ?? []), ...(await readIntents(place, name))])
  await unpack(incoming)
  if (options.umask !== null) await files.mask(incoming, options.umask)
  if (owner !== null) await files.giveTree(incoming, owner)
  const give = async (path: string): Promise<void> => {
    if (owner !== null) await files.give(path, owner)
  }
  const madeShared = await shareEntries(place, name, incoming, options.shared, give, context)
  return { manifest: await files.scan(incoming, context.signal), madeShared }
}

/** The record is on disk before the folder is in its place: a folder in its place has one. */
async function putInPlace(
  place: Place,
  instance: Instance,
  earlier: ReleaseRecord | null,
  { manifest, madeShared }: Fresh,
  context: OperationContext,
): Promise<void> {
  const { layout, files, ports } = place
  const paths = releasePaths(layout, instance.name)
  await files.removeTree(paths.folder, layout.trash)
  await files.writeManifest(paths, manifest)
  await writeRecord(place, {
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
  await files.move(paths.incoming, paths.folder)
  await files.sync(layout.releases)
}

async function mend(
  place: Place,
  instance: Instance,
  record: ReleaseRecord | null,
  fresh: Fresh,
  lying: Extract<Lying, { kind: 'damaged' | 'unknown' }>,
  context: OperationContext,
): Promise<void> {
  const { layout, files, ports } = place
  const paths = releasePaths(layout, instance.name)
  const known = lying.kind === 'damaged' ? lying : null
  const manifest = await mendFolder(place, paths, fresh.manifest, known)
  await files.writeManifest(paths, manifest)
  const now = ports.clock.now().toISOString()
  await writeRecord(place, {
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
async function removeLeftovers(ground: Ground, name: string): Promise<void> {
  const { layout, files } = ground
  const paths = releasePaths(layout, name)
  await files.removeTree(paths.incoming, layout.trash)
  await removeHalfSent(ground, name)
  await files.remove(paths.intents)
  await tidyUp(ground)
}

function sizeOf(manifest: Manifest): number {
  return manifest.reduce((sum, entry) => sum + (entry.type === 'file' ? entry.size : 0), 0)
}
