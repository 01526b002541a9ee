/** How much room there is where a path lies, or would lie. */
import { statfs } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { systemCodeOf } from '../../base/deploy-error.js'
import { fileError } from './file-error.js'

export interface DiskSpace {
  /** What an ordinary user may still write: the blocks kept back for root do not count. */
  readonly freeBytes: number
  readonly totalBytes: number
}

/** A path that does not exist yet is answered for by its nearest existing parent. */
export async function diskSpaceAt(path: string): Promise<DiskSpace> {
  const place = resolve(path)
  try {
    const disk = await statfs(place)
    return { freeBytes: disk.bavail * disk.bsize, totalBytes: disk.blocks * disk.bsize }
  } catch (error) {
    const parent = dirname(place)
    if (systemCodeOf(error) === 'ENOENT' && parent !== place) return diskSpaceAt(parent)
    throw fileError(error, 'look at the disk of', place)
  }
}
