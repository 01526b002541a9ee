/** The files of a release: unpacking them as the options say, and comparing what lies there with what was put there. */
import { chmod, mkdir } from 'node:fs/promises'
import { DeployError } from '../../../base/deploy-error.js'
import { formatSize } from '../../../base/size.js'
import type { Release } from '../../../model/release.js'
import type { FetchedArtifact } from '../../../model/source.js'
import type { OperationContext } from '../../../model/target.js'
import { compareTree, type TreeDifference } from '../../artifacts/compare-tree.js'
import { estimateSize } from '../../artifacts/estimate-size.js'
import { readManifest, type TreeEntry } from '../../artifacts/tree-manifest.js'
import { unpack } from '../../artifacts/unpack.js'
import { diskSpaceAt } from '../../system/disk-space.js'
import { releasePaths, type Layout } from './layout.js'
import type { DirectoryOptions } from './options.js'

/** Everything below the folder of a release; links to what is shared are links in it. */
export type Manifest = readonly TreeEntry[]

export type Comparison =
  | {
      readonly kind: 'compared'
      readonly manifest: Manifest
      readonly differences: readonly TreeDifference[]
    }
  /** What was put there is not known any more. */
  | { readonly kind: 'unknown'; readonly missing: string }

/** Into a fresh folder, which everybody may enter whatever the umask is: a web server is seldom the one who deploys. */
export async function unpackInto(
  folder: string,
  artifact: FetchedArtifact,
  release: Release,
  options: DirectoryOptions,
  context: OperationContext,
): Promise<void> {
  await refuseTooLarge(folder, artifact, context.signal)
  await mkdir(folder, { recursive: true })
  await chmod(folder, 0o755)
  const strip = options.strip ?? (artifact.kind === 'archive' ? (release.artifact.strip ?? 0) : 0)
  await unpack(artifact, folder, {
    strip,
    ...(options.include === null ? {} : { include: options.include }),
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

export async function compareRelease(layout: Layout, name: string, signal: AbortSignal): Promise<Comparison> {
  const paths = releasePaths(layout, name)
  const manifest = await readManifest(paths.manifest)
  if (manifest === null) return { kind: 'unknown', missing: paths.manifest }
  return { kind: 'compared', manifest, differences: await compareTree(paths.folder, manifest, signal) }
}

export function sizeOf(manifest: Manifest): number {
  return manifest.reduce((sum, entry) => sum + (entry.type === 'file' ? entry.size : 0), 0)
}
