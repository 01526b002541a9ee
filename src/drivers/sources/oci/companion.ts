/**
 * Small files published beside a release: other layers of the same manifest, and those of artifacts that refer to it
 * (oras attach), found by title. Apart because it asks in places where a release itself never is.
 */
import { DeployError } from '../../../base/deploy-error.js'
import type { Release } from '../../../model/release.js'
import { fillVersion } from '../version-pattern.js'
import { parsePinned, showPinned } from '../../artifacts/image-name.js'
import { readManifest, type Layer } from './manifest.js'
import type { RegistryApi } from './registry-api.js'

const mostBytes = 2 ** 20
const mostReferrers = 20

export async function findCompanion(
  release: Release,
  wanted: string,
  registry: RegistryApi,
  signal: AbortSignal,
): Promise<Uint8Array | null> {
  const pinned = parsePinned(release.artifact.location)
  const title = fillVersion(wanted, release.version)
  const isIt = (layer: Layer) => layer.title === title && layer.digest !== release.digest
  const beside = (await layersOf(pinned.digest, registry, signal)).find(isIt)
  if (beside !== undefined) return read(beside, registry, signal)
  const list = await referrersOf(pinned.digest, registry, signal)
  const index = list === null ? null : readManifest(list, showPinned(pinned))
  const referrers = index?.kind === 'index' ? index.entries.slice(0, mostReferrers) : []
  for (const { digest } of referrers) {
    const found = (await layersOf(digest, registry, signal)).find(isIt)
    if (found !== undefined) return read(found, registry, signal)
  }
  return null
}

async function layersOf(
  digest: string,
  registry: RegistryApi,
  signal: AbortSignal,
): Promise<readonly Layer[]> {
  const manifest = readManifest(await registry.manifest(digest, signal), digest)
  return manifest.kind === 'manifest' ? manifest.layers : []
}

/** By the API; or under the tag that stands in for it at registries that are older. */
async function referrersOf(
  digest: string,
  registry: RegistryApi,
  signal: AbortSignal,
): Promise<Buffer | null> {
  const list = await registry.referrers(digest, signal)
  if (list !== null) return list
  const named = await registry.digestOf(digest.replace(':', '-'), signal)
  return named === null ? null : registry.manifest(named, signal)
}

async function read(layer: Layer, registry: RegistryApi, signal: AbortSignal): Promise<Buffer> {
  if (layer.size <= mostBytes) return registry.blob(layer.digest, mostBytes, signal)
  const says = `${layer.title ?? layer.digest} is too large to be a checksum file or a signature`
  throw new DeployError('SOURCE_GARBAGE', says, { hint: 'Check the name of the file under verify:.' })
}
