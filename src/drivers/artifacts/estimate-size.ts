/**
 * How large an artifact will be when it is unpacked, told before it is, so that a disk without room is refused before
 * anything is touched. Exact for folders, zips and single files (and a little too much for a plain tar); near for gzip;
 * a guess otherwise.
 */
import { open, stat } from 'node:fs/promises'
import type { FetchedArtifact } from '../../model/source.js'
import { fileError } from '../system/file-error.js'
import { archiveFormat, type Packing } from './archive-format.js'
import { defaultLimits } from './unpack/limits.js'
import { zipDirectory } from './unpack/zip-directory.js'
import { walkTree } from './walk-tree.js'

export interface SizeEstimate {
  readonly bytes: number
  /** Whether it is known, or guessed from how well such things are usually compressed. */
  readonly exact: boolean
}

/** What programs and texts shrink to, rounded towards refusing too little. */
const usualFactor: { readonly [packing in Packing]: number } = { gzip: 3, bzip2: 4, zstd: 4, xz: 5 }

/** Throws what `unpack` would throw for an artifact that is no archive it could read. */
export async function estimateSize(artifact: FetchedArtifact, signal: AbortSignal): Promise<SizeEstimate> {
  try {
    if (artifact.kind === 'folder') return { bytes: await sizeOfFolder(artifact.path, signal), exact: true }
    const { size } = await stat(artifact.path)
    const format = await archiveFormat(artifact.path, artifact.name)
    if (format.kind === 'zip') {
      return { bytes: await sizeOfZip(artifact.path), exact: true }
    }
    if (format.kind !== 'packed') return { bytes: size, exact: true }
    const guess = size * usualFactor[format.packing]
    return {
      bytes: format.packing === 'gzip' ? await gzipSize(artifact.path, size, guess) : guess,
      exact: false,
    }
  } catch (error) {
    throw fileError(error, 'measure', artifact.path)
  }
}

async function sizeOfZip(path: string): Promise<number> {
  const handle = await open(path, 'r')
  try {
    return (await zipDirectory(handle, defaultLimits)).reduce((sum, entry) => sum + entry.size, 0)
  } finally {
    await handle.close()
  }
}

async function sizeOfFolder(folder: string, signal: AbortSignal): Promise<number> {
  let bytes = 0
  for await (const found of walkTree(folder, signal)) bytes += found.type === 'file' ? found.size : 0
  return bytes
}

/**
 * The last four bytes are the size, less whole multiples of 4 GiB, of the last member. Less than what is packed cannot
 * be the whole truth: then it is a large file, or one of several members.
 */
async function gzipSize(path: string, packedBytes: number, guess: number): Promise<number> {
  if (packedBytes < 18) return guess
  const handle = await open(path, 'r')
  try {
    const { buffer } = await handle.read(Buffer.alloc(4), 0, 4, packedBytes - 4)
    const told = buffer.readUInt32LE(0)
    if (told >= packedBytes) return told
    // wrapped round at 4 GiB, perhaps more than once: the guess says about how often
    return guess >= 2 ** 32
      ? told + 2 ** 32 * Math.max(1, Math.round((guess - told) / 2 ** 32))
      : Math.max(told, guess)
  } finally {
    await handle.close()
  }
}
