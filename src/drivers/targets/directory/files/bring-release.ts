/**
 * Bringing a release to a host: as one archive, or as an archive of what differs from the release that serves there and
 * copies of all the rest. Either way what has arrived is proved by its checksum before anything else is done with it, and
 * what an earlier try has left of an archive is not sent again.
 */
import { DeployError } from '../../../../base/deploy-error.js'
import { formatSize } from '../../../../base/size.js'
import { digestOfBeginning } from '../../../artifacts/file-digest.js'
import { manifestOf, type TreeEntry } from '../../../artifacts/tree-manifest.js'
import { releaseOfLinkText, releasePaths } from '../layout.js'
import { bytesInput } from './bytes-input.js'
import type { HostFiles, Manifest } from './host-files.js'
import { PlacedTree } from './placed-tree.js'
import { opened, type Origin, type PackedRelease, type ReadyRelease } from './prepare-release.js'
import type { Looks } from './remote-looks.js'
import type { RemoteQueue } from './remote-queue.js'
import { archiveInput } from './send-archive.js'

interface Bringing {
  readonly queue: RemoteQueue
  readonly looks: Looks
  readonly ready: ReadyRelease
  /** Where its files go. */
  readonly folder: string
  readonly onSent: (done: number, total: number) => void
}

export function bringing(queue: RemoteQueue, looks: Looks): HostFiles['ready'] {
  const { prepare, link } = queue.ground
  const label = `sending to ${link.host.name}`
  return async (obtain, release, options, context) => {
    const ready = await prepare(obtain, release, options, context)
    return async (folder) => {
      const onSent = (done: number, total: number): void =>
        context.onProgress({ done, total, unit: 'bytes', label })
      const work: Bringing = { queue, looks, ready, folder, onSent }
      const whole = options.transfer === 'archive' ? await ready.pack() : null
      await refuseFull(work, release.artifact.name, whole?.bytes ?? 0)
      if (ready.origin !== null) await bringFromOrigin(work, ready.origin, context.signal)
      const kept =
        ready.origin === null && whole === null ? await bringDifference(work, options.umask ?? 0) : null
      if (kept === null && ready.origin === null) await bringArchive(work, whole ?? (await ready.pack()))
      const modes = ready.lateModes.flatMap(({ mode, path }) => [mode.toString(8), path])
      if (modes.length > 0) await queue.change('unpack to', folder, ['d_modes', folder, ...modes])
      queue.mirror.appeared(folder, 'folder')
      queue.placed = new PlacedTree(folder, kept ?? ready.manifest)
    }
  }
}

async function refuseFull(
  { queue, looks, ready, folder }: Bringing,
  artifact: string,
  archiveBytes: number,
): Promise<void> {
  const { layout, link } = queue.ground
  const needed = ready.unpackedBytes + archiveBytes
  // what was seen earlier may still count what is removed by now
  if ((await looks.room(layout.root)).bytes < needed) queue.answers.rooms.delete(layout.root)
  const { bytes: free } = await looks.room(layout.root)
  if (needed <= free) return
  throw new DeployError(
    'DISK_FULL',
    `${artifact} does not fit on the disk of ${folder} on ${link.host.name}: it takes about ${formatSize(needed)}, ${formatSize(free)} are free.`,
    { hint: 'Free some space there, or lower keepReleases; then deploy again.' },
  )
}

async function bringArchive(work: Bringing, packed: PackedRelease): Promise<void> {
  const { queue, folder, onSent } = work
  const archive = `${folder}.${packed.sha256.slice(0, 16)}.tgz`
  const from = await lengthThere(work, archive, packed)
  const input = archiveInput(packed.file, packed.bytes, from)
  queue.onSent = (done) => onSent(from + done, packed.bytes)
  const [rest, total] = [String(input.bytes), String(packed.bytes)]
  await queue.change('send', archive, ['d_receive', rest, archive, total], { input })
  await queue.change('unpack to', folder, ['d_unpack', archive, folder, packed.sha256])
  queue.mirror.removed(archive)
}

/** Of an archive that an earlier try has begun to send: as much as is known to be right. */
async function lengthThere(
  { queue, looks }: Bringing,
  archive: string,
  packed: PackedRelease,
): Promise<number> {
  if ((await looks.kindOf(archive)) !== 'file') return 0
  await queue.go(['d_length', archive], ['d_digest', archive])
  const length = queue.answers.lengths.get(archive) ?? 0
  const digest = queue.answers.digests.get(archive)
  queue.answers.digests.delete(archive)
  if (length <= packed.bytes && digest === `host:${await digestOfBeginning(packed.file, length)}`)
    return length
  await queue.change('remove', archive, ['d_remove', archive])
  await queue.settle() // never to be done twice: what comes next may be sent in several goes
  return 0
}

/** The host fetches the very bytes that were judged here, and what it makes of them is held against what was made here. */
async function bringFromOrigin(work: Bringing, origin: Origin, signal: AbortSignal): Promise<void> {
  const { queue, folder, ready } = work
  const { sha256, strip, isGzipped, bytes } = origin
  const archive = `${folder}.${sha256.slice(0, 16)}.tgz`
  const address = await origin.address(signal)
  const fetchedBytes = bytes
  await queue.change('fetch', archive, ['d_pull', address, archive, sha256], { fetchedBytes })
  await queue.change('unpack to', folder, ['d_open', archive, folder, String(strip), isGzipped ? 'z' : ''])
  const manifest = ready.manifest.map(opened)
  const modes = new Set(manifest.flatMap((entry) => (entry.type === 'link' ? [] : [entry.mode])))
  for (const mode of modes) {
    const paths = manifest.filter((entry) => entry.type !== 'link' && entry.mode === mode)
    const list = Buffer.from(paths.map(({ path }) => `./${path}\0`).join(''))
    const call = ['d_chmod', String(list.length), mode.toString(8), folder] as const
    await queue.change('set the modes of', folder, call, { input: bytesInput(list) })
  }
  const list = hashLines(manifest)
  const counts = ['file', 'folder', 'link'].map((type) => manifest.filter((one) => one.type === type).length)
  const call = ['d_verify', String(list.length), folder, counts.join(' ')] as const
  await queue.change('check', folder, call, { input: bytesInput(list) })
}

/** As `sha256sum -c` reads them; names that a list of lines cannot hold are left out. */
function hashLines(entries: Iterable<TreeEntry>): Buffer {
  const lines = [...entries].flatMap((entry) =>
    entry.type === 'file' && !/[\n\\]/.test(entry.path) ? [`${entry.sha256}  ./${entry.path}\n`] : [],
  )
  return Buffer.from(lines.join(''))
}

/** Null when nothing there is of use, or it has turned out not to be what it should be. */
async function bringDifference(work: Bringing, umask: number): Promise<Manifest | null> {
  const { queue, ready, folder } = work
  const base = await releaseThere(work)
  const same = base === null ? new Map<string, TreeEntry>() : unchanged(ready.manifest, base.manifest, umask)
  if (base === null || same.size === 0) return null
  await bringArchive(work, await ready.pack(new Set(same.keys())))
  const list = hashLines(same.values())
  await queue.change('copy to', folder, ['d_copy', String(list.length), base.folder, folder], {
    input: bytesInput(list),
  })
  try {
    await queue.settle()
  } catch (error) {
    if (!(error instanceof DeployError) || !error.details.includes('delta-differs')) throw error
    await queue.change('remove', folder, ['d_remove', folder])
    return null
  }
  return ready.manifest.map((entry) => same.get(entry.path) ?? entry)
}

/** What serves, where it is exactly as it was put there. */
async function releaseThere({
  queue,
  looks,
}: Bringing): Promise<{ folder: string; manifest: Manifest } | null> {
  const { layout } = queue.ground
  const text = await looks.linkText(layout.current)
  const name = text === null ? null : releaseOfLinkText(layout, text)
  if (name === null) return null
  const paths = releasePaths(layout, name)
  await queue.go(['d_compare', paths.folder, paths.manifest, paths.seen], ['d_text', paths.manifest])
  if (queue.answers.comparisons.get(paths.folder) !== 'same') return null
  const manifest = manifestOf(queue.mirror.text(paths.manifest) ?? '')
  return manifest === null ? null : { folder: paths.folder, manifest }
}

/** By path, as they lie there; names that a list of lines cannot hold are left out. Pure. */
function unchanged(wanted: Manifest, there: Manifest, umask: number): Map<string, TreeEntry> {
  const known = new Map(there.map((entry) => [entry.path, entry]))
  return new Map(
    wanted.flatMap((entry) => {
      const other = known.get(entry.path)
      if (entry.type !== 'file' || other?.type !== 'file' || /[\n\\]/.test(entry.path)) return []
      const isSame = other.sha256 === entry.sha256 && other.mode === (entry.mode & ~umask)
      return isSame ? [[entry.path, other] as const] : []
    }),
  )
}
