/** Whether the disk has room for the releases that are about to be staged, looked for before anything is touched. */
import { DeployError } from '../../../base/deploy-error.js'
import { formatSize } from '../../../base/size.js'
import type { Release } from '../../../model/release.js'
import { showVersion } from '../../../model/release.js'
import type { Room } from './files/host-files.js'
import type { Ground } from './place.js'

/** Kept free for records, for the program's own files, and for what the estimate missed. */
const reserveBytes = 1024 * 1024
const reserveFiles = 16
/** How much larger than its archive a release usually is, rounded towards refusing too little. */
const usualFactor = 3
/** A low guess of how many files a release has, from its size: it refuses only where it is plain. */
const bytesPerFile = 64 * 1024

/** What the releases will take, at least as far as can be told beforehand. */
export function roomNeeded(sizes: readonly number[]): Room {
  const bytes = sizes.reduce((sum, size) => sum + size, 0)
  return { bytes: bytes + reserveBytes, files: Math.ceil(bytes / bytesPerFile) + reserveFiles }
}

/** Throws DISK_FULL when the releases will not fit; what a killed run has left goes first, so its room counts. */
export async function refuseFullDisk({ layout, files }: Ground, incoming: readonly Release[]): Promise<void> {
  if (incoming.length === 0) return
  const need = roomNeeded(incoming.map(unpackedBytes))
  const free = await files.room(layout.root)
  if (lackOf(need, free) === null) return
  const spared = await files.bytesIn([layout.incoming, layout.trash])
  const lacking = lackOf(need, { ...free, bytes: free.bytes + spared })
  if (lacking === null) return
  const what = incoming.map((release) => `${release.source} ${showVersion(release.version)}`).join(', ')
  throw new DeployError('DISK_FULL', `The disk of ${layout.root} is too full for ${what}: ${lacking}.`, {
    hint: 'Free some space there, or lower keepReleases; then deploy again.',
  })
}

/** What is missing, in words, or null when all fits. */
export function lackOf(need: Room, free: Room): string | null {
  if (free.bytes < need.bytes) {
    return `about ${formatSize(need.bytes)} are needed, ${formatSize(free.bytes)} are free`
  }
  if (free.files === null || need.files === null || free.files >= need.files) return null
  return `at least ${need.files} free inodes are needed, ${free.files} are there`
}

/** From what the source says; what it does not know is found out when the artifact is here. */
function unpackedBytes({ artifact }: Release): number {
  return artifact.unpackedSize ?? (artifact.size ?? 0) * (artifact.kind === 'archive' ? usualFactor : 1)
}
