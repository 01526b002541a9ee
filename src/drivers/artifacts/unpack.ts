/**
 * Unpacks a fetched artifact into a fresh folder: tar (plain, gzip, bzip2, xz, zstd), zip, a single file, or a folder
 * to be copied. The format is found here, its entries are read by its reader, and all of them are written by the one
 * tree writer, which refuses what must not be. Nothing is written outside the folder, whatever is in the archive.
 */
import { readdir } from 'node:fs/promises'
import { DeployError, systemCodeOf } from '../../base/deploy-error.js'
import type { Progress } from '../../model/event.js'
import type { FetchedArtifact } from '../../model/source.js'
import { fileError } from '../system/file-error.js'
import { archiveFormat, headBytes, isTar, promisesTar, type Packing } from './archive-format.js'
import { flushTree } from './flush-tree.js'
import type { ArchiveEntry } from './unpack/archive-entry.js'
import { openBytes, type Compression } from './unpack/byte-stream.js'
import { copyFolder } from './unpack/copy-folder.js'
import { defaultLimits, type UnpackLimits } from './unpack/limits.js'
import { plainEntry, withoutPacking } from './unpack/plain-file.js'
import { readTar } from './unpack/read-tar.js'
import { readZip } from './unpack/read-zip.js'
import { refusedArchive } from './unpack/refusal.js'
import { selection } from './unpack/selection.js'
import { TreeWriter, type UnpackReport } from './unpack/tree-writer.js'

export interface UnpackOptions {
  /** Leading folders of every entry to leave out. Not for single files. */
  readonly strip?: number
  /** Only what fits: paths after stripping, with `*`, `?`, `**`; a folder means all in it. Everything unless given. */
  readonly include?: readonly string[]
  readonly limits?: Partial<UnpackLimits>
  /** False for what need not outlive this process: it is not flushed to the disk. */
  readonly isKept?: boolean
  /** Whether the disk tells `a` from `A`; it is tried out unless given. */
  readonly caseSensitive?: boolean
  /** Bytes for an archive (unpacked so far), files for a folder. */
  readonly onProgress?: (progress: Progress) => void
  readonly signal: AbortSignal
}

/**
 * `destination` is an empty folder, which the caller removes when this throws. When it returns, everything is on disk
 * (unless it is not to be kept): a rename publishes it whole. Throws DeployError: ARCHIVE_REFUSED, DISK_FULL, CANCELLED, COMMAND_NOT_FOUND …
 */
export async function unpack(
  artifact: FetchedArtifact,
  destination: string,
  options: UnpackOptions,
): Promise<UnpackReport> {
  try {
    await assertFresh(destination)
    const work: Work = { artifact, limits: { ...defaultLimits, ...options.limits }, options, destination }
    const report = await (artifact.kind === 'folder' ? unpackFolder(work) : unpackArchive(work))
    if (options.isKept !== false) await flushTree(destination)
    return report
  } catch (error) {
    throw explained(error, artifact)
  }
}

interface Work {
  readonly artifact: FetchedArtifact
  readonly destination: string
  readonly limits: UnpackLimits
  readonly options: UnpackOptions
}

async function assertFresh(destination: string): Promise<void> {
  const there = await readdir(destination).catch((error: unknown) => {
    throw fileError(error, 'unpack to', destination)
  })
  if (there.length === 0) return
  throw new DeployError('FILE_EXISTS', `cannot unpack to ${destination}: it is not empty`, {
    hint: 'Unpacking needs a fresh folder; move away what is in this one.',
  })
}

function writerFor({ destination, limits, options }: Work, strip: number): TreeWriter {
  const { signal, caseSensitive } = options
  return new TreeWriter({
    destination,
    limits,
    selection: selection(strip, options.include),
    signal,
    ...(caseSensitive === undefined ? {} : { caseSensitive }),
  })
}

async function unpackFolder(work: Work): Promise<UnpackReport> {
  const writer = writerFor(work, work.options.strip ?? 0)
  let done = 0
  await copyFolder(work.artifact.path, writer, () => {
    if (++done % 256 === 0) work.options.onProgress?.({ done, total: null, unit: 'files', label: 'copying' })
  })
  const report = await writer.finish()
  work.options.onProgress?.({ done, total: done, unit: 'files', label: 'copying' })
  return report
}

async function unpackArchive(work: Work): Promise<UnpackReport> {
  const { artifact } = work
  const format = await archiveFormat(artifact.path, artifact.name)
  if (format.kind === 'zip') return unpackZip(work)
  if (format.kind === 'tar') return unpackStream(work, 'none', true)
  if (format.kind === 'packed') return unpackStream(work, format.packing, null)
  return unpackStream(work, 'none', false)
}

async function unpackZip(work: Work): Promise<UnpackReport> {
  const writer = writerFor(work, work.options.strip ?? 0)
  const told = teller(work)
  let bytes = 0
  for await (const entry of readZip(work.artifact.path, work.limits)) {
    await writer.add(entry)
    told((bytes += entry.size ?? 0))
  }
  return writer.finish()
}

/** A tar archive or a single file, compressed or not. `holdsTar` is null where only the unpacked bytes can tell. */
async function unpackStream(
  work: Work,
  compression: Compression & (Packing | 'none'),
  holdsTar: boolean | null,
): Promise<UnpackReport> {
  const { artifact, limits, options } = work
  const told = teller(work)
  const stream = await openBytes({
    path: artifact.path,
    compression,
    limits,
    signal: options.signal,
    onRead: told,
  })
  try {
    const tar = holdsTar ?? isTar(await stream.reader.peek(headBytes))
    if (!tar && holdsTar === null && promisesTar(artifact.name)) {
      throw refusedArchive('its name promises a tar archive, but what is compressed in it is none')
    }
    const writer = writerFor(work, tar ? (options.strip ?? 0) : 0)
    if (tar) await addAll(readTar(stream.reader, compression !== 'none'), writer)
    else
      await writer.add(
        await plainEntry(holdsTar === null ? withoutPacking(artifact.name) : artifact.name, stream.reader),
      )
    await stream.assertEnded()
    return await writer.finish()
  } finally {
    await stream.close()
  }
}

async function addAll(entries: AsyncIterable<ArchiveEntry>, writer: TreeWriter): Promise<void> {
  for await (const entry of entries) await writer.add(entry)
}

/** Every 4 MiB is often enough for a person, and seldom enough for us. */
function teller({ options }: Work): (bytes: number) => void {
  let toldBytes = 0
  return (bytes) => {
    if (bytes - toldBytes < 4 * 2 ** 20) return
    toldBytes = bytes
    options.onProgress?.({ done: bytes, total: null, unit: 'bytes', label: 'unpacking' })
  }
}

/** Refusals say which archive it was; anything the disk said becomes words. */
function explained(error: unknown, artifact: FetchedArtifact): unknown {
  if (error instanceof DeployError) {
    if (error.code !== 'ARCHIVE_REFUSED' && error.code !== 'COMMAND_NOT_FOUND') return error
    const verb = error.code === 'ARCHIVE_REFUSED' ? 'was refused' : 'cannot be unpacked'
    return new DeployError(error.code, `${artifact.name} ${verb}: ${error.message}`, {
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      details: error.details,
      cause: error.cause,
    })
  }
  return systemCodeOf(error) === undefined ? error : fileError(error, 'unpack', artifact.path)
}
