/**
 * From what a tag names to a release: through an index to this platform's manifest, and from the manifest to its layer.
 *
 * What is deployed decides what the release's identity is. Of an artifact that is a file, so the digest is the layer's:
 * pushing the same file again is the same release, whatever else its new manifest says. Of an image it is everything
 * the manifest names, so the digest is the manifest's. The location names the manifest in both cases.
 */
import { DeployError } from '../../../base/deploy-error.js'
import type { Release } from '../../../model/release.js'
import { chooseLayer, fileNameOf } from './choose-layer.js'
import { showImage, showPinned, type ImageName } from '../../artifacts/image-name.js'
import { builtAt, readManifest, type Index, type IndexEntry, type Manifest } from './manifest.js'
import { choosePlatform, showPlatform, type Platform } from './platform.js'
import type { RegistryApi } from './registry-api.js'

export interface Selection {
  /** The name of the source in deploy.yaml. */
  readonly source: string
  readonly image: ImageName
  readonly platform: Platform
  readonly artifactType: string | null
  readonly layer: string | undefined
  readonly mediaType: string | undefined
}

export interface NamedByTag {
  readonly tag: string
  readonly version: string
  /** The digest that the tag names now. */
  readonly named: string
}

/** An index may name an index, but not for ever. */
const deepest = 4

export async function pinRelease(
  { tag, version, named }: NamedByTag,
  selection: Selection,
  registry: RegistryApi,
  signal: AbortSignal,
): Promise<Release> {
  const { source, image } = selection
  const where = `${showImage(image)}:${tag}`
  const { digest, manifest } = await findManifest(named, where, selection, registry, signal)
  refuseOtherType(manifest, selection, where)
  const location = showPinned({ ...image, digest })
  const publishedAt = manifest.createdAt ?? (await buildTime(manifest, registry, signal))
  const published = publishedAt === null ? {} : { publishedAt }
  const { layer: title, mediaType } = selection
  if (manifest.isImage && title === undefined && mediaType === undefined) {
    const size = manifest.layers.reduce((sum, layer) => sum + layer.size, 0)
    const name = `${image.repository.replace(/^.*\//, '')}-${version}`
    return { source, version, digest, artifact: { kind: 'archive', name, location, size }, ...published }
  }
  const wanted = {
    version,
    ...(title === undefined ? {} : { title }),
    ...(mediaType === undefined ? {} : { mediaType }),
  }
  const layer = chooseLayer(manifest.layers, wanted, where)
  const name = fileNameOf(layer, image.repository, version)
  const artifact = { kind: 'archive', name, location, size: layer.size } as const
  return { source, version, digest: layer.digest, artifact, ...published }
}

const longestConfigBytes = 4 * 2 ** 20

async function buildTime(
  { config }: Manifest,
  registry: RegistryApi,
  signal: AbortSignal,
): Promise<string | null> {
  if (config === null || config.size > longestConfigBytes) return null
  return builtAt(await registry.blob(config.digest, longestConfigBytes, signal))
}

async function findManifest(
  named: string,
  where: string,
  selection: Selection,
  registry: RegistryApi,
  signal: AbortSignal,
): Promise<{ readonly digest: string; readonly manifest: Manifest }> {
  let digest = named
  for (let depth = 0; depth < deepest; depth++) {
    const document = readManifest(await registry.manifest(digest, signal), where)
    if (document.kind === 'manifest') return { digest, manifest: document }
    digest = chooseEntry(document, selection, where).digest
  }
  throw new DeployError('SOURCE_GARBAGE', `${where} is an index of indexes of indexes`, {
    hint: 'Push the image, or one index of its platforms.',
  })
}

function chooseEntry({ entries }: Index, { platform, artifactType }: Selection, where: string): IndexEntry {
  const ofType = entries.filter(
    (entry) => artifactType === null || entry.artifactType === null || entry.artifactType === artifactType,
  )
  const entry = choosePlatform(platform, ofType) ?? onlyWithoutPlatform(ofType)
  if (entry !== null) return entry
  const there = ofType.flatMap((one) => (one.platform === null ? [] : [showPlatform(one.platform)]))
  throw new DeployError('ARTIFACT_MISSING', `${where} was not built for ${showPlatform(platform)}`, {
    hint: 'Build it for that platform as well, or set platform: to one that is there.',
    details: [there.length === 0 ? 'it names no platforms at all' : `there is: ${there.join(', ')}`],
  })
}

/** A file that is the same everywhere. */
function onlyWithoutPlatform(entries: readonly IndexEntry[]): IndexEntry | null {
  const [entry, ...others] = entries.filter(({ platform }) => platform === null)
  return entry !== undefined && others.length === 0 ? entry : null
}

function refuseOtherType({ isImage, artifactType }: Manifest, selection: Selection, where: string): void {
  if (selection.artifactType === null || selection.artifactType === artifactType) return
  const is = isImage ? 'an image' : `an artifact of type ${artifactType ?? '(none)'}`
  throw new DeployError('SOURCE_GARBAGE', `${where} is ${is}, not of type ${selection.artifactType}`, {
    hint: 'Check artifactType: on the source, or the type it was pushed with.',
  })
}
