/** Unpacking a release on this machine as the options say. */
import { chmod, mkdir } from 'node:fs/promises'
import { DeployError } from '../../../../base/deploy-error.js'
import { formatSize } from '../../../../base/size.js'
import type { Release } from '../../../../model/release.js'
import type { FetchedArtifact } from '../../../../model/source.js'
import type { OperationContext } from '../../../../model/target.js'
import { estimateSize } from '../../../artifacts/estimate-size.js'
import { unpack } from '../../../artifacts/unpack.js'
import { diskSpaceAt } from '../../../system/disk-space.js'
import type { DirectoryOptions } from '../options.js'

/** Into a fresh folder, which everybody may enter whatever the umask is: a web server is seldom the one who deploys. */
export async function unpackInto(
  artifact: FetchedArtifact,
  folder: string,
  release: Release,
  options: DirectoryOptions,
  context: Pick<OperationContext, 'signal' | 'onProgress'>,
  isKept = true,
): Promise<void> {
  await refuseTooLarge(folder, artifact, context.signal)
  await mkdir(folder, { recursive: true })
  await chmod(folder, 0o755)
  const strip = options.strip ?? (artifact.kind === 'archive' ? (release.artifact.strip ?? 0) : 0)
  await unpack(artifact, folder, {
    strip,
    ...(options.include === null ? {} : { include: options.include }),
    isKept,
    onProgress: context.onProgress,
    signal: context.signal,
  })
}

/** Now that the artifact is here, its size is known better than when the place was claimed. */
async function refuseTooLarge(folder: string, artifact: FetchedArtifact, signal: AbortSignal): Promise<void> {
  const { bytes } = await estimateSize(artifact, signal)
  const { freeBytes } = await diskSpaceAt(folder)
  if (bytes <= freeBytes) return
  throw new DeployError(
    'DISK_FULL',
    `${artifact.name} does not fit on the disk of ${folder}: unpacked it takes about ${formatSize(bytes)}, ${formatSize(freeBytes)} are free.`,
    { hint: 'Free some space there, or lower keepReleases; then deploy again.' },
  )
}
