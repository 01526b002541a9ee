/** Releases in an OCI registry: versions from tags, identity from digests, files from the layers of artifacts. */
import { arch, platform } from 'node:os'
import { DeployError } from '../../../base/deploy-error.js'
import type { DriverSpec } from '../../../model/spec.js'
import type { Ports } from '../../../model/ports.js'
import type { Release } from '../../../model/release.js'
import type {
  FetchContext,
  FetchedArtifact,
  RetagPolicy,
  Source,
  SourceDriver,
} from '../../../model/source.js'
import { inSource, type BetterHints } from '../in-source.js'
import { findCompanion } from './companion.js'
import {
  parseImageName,
  parsePinned,
  showImage,
  showPinned,
  type ImageName,
} from '../../artifacts/image-name.js'
import { ociSchema } from './oci-schema.js'
import { parsePlatform, platformOf } from './platform.js'
import { registryApi, type RegistryApi } from './registry-api.js'
import { pinRelease, type Selection } from './pin-release.js'
import { tagsOf, type Tagged } from './tag-choice.js'

/** As the schema admits them. */
type OciOptions = DriverSpec & {
  readonly image: string
  readonly tag?: string
  readonly platform?: string
  readonly artifactType?: string
  readonly layer?: string
  readonly mediaType?: string
  readonly username?: string
  readonly password?: string
  readonly token?: string
  readonly insecure?: boolean
  readonly retag?: RetagPolicy
}

export const ociSource: SourceDriver = {
  type: 'oci',
  schema: ociSchema,
  create: (name, options, ports) => createOciSource(name, options as OciOptions, ports), // validated by ociSchema
}

function createOciSource(name: string, options: OciOptions, ports: Ports): Source {
  const image = parseImageName(options.image)
  const registryOf = registries(image, options, ports)
  const registry = registryOf(image)
  const tags = tagsOf(image, options.tag ?? '{version}', registry, ports)
  const selection: Selection = {
    source: name,
    image,
    platform:
      options.platform === undefined
        ? platformOf({ os: platform(), arch: arch() })
        : parsePlatform(options.platform),
    artifactType: options.artifactType ?? null,
    layer: options.layer,
    mediaType: options.mediaType,
  }
  /** By tag, with the digest that it named then. */
  const releases = new Map<string, { readonly named: string; readonly release: Release }>()
  const pin = async ({ tag, version }: Tagged, named: string, signal: AbortSignal): Promise<Release> => {
    const known = releases.get(tag)
    if (known?.named === named) return known.release
    const release = await pinRelease({ tag, version, named }, selection, registry, signal)
    releases.set(tag, { named, release })
    return release
  }

  return {
    ...(options.retag === undefined ? {} : { retag: options.retag }),
    versions: (signal) => inSource(name, signal, () => tags.listed(signal), hints),
    resolve: (version, signal) =>
      inSource(
        name,
        signal,
        async () => {
          const { tagged, named } = await tags.find(version, signal)
          return pin(tagged, named, signal)
        },
        hints,
      ),
    fetch: (release, context) =>
      inSource(name, context.signal, () => fetchLayer(release, registryOf, context), fetchHints),
    companion: (release, wanted, signal) =>
      inSource(
        name,
        signal,
        () => findCompanion(release, wanted, registryOf(parsePinned(release.artifact.location)), signal),
        fetchHints,
      ),
  }
}

const hints: BetterHints = {
  SOURCE_NOT_FOUND:
    'Check image:; a private repository looks missing to those who are not logged in, and one without tags to everybody.',
}
const fetchHints: BetterHints = {
  ARTIFACT_MISSING: 'It was deleted from the registry since it was planned: push it again, or plan again.',
}

/** The registry of a release is that of the source, unless deploy.yaml named another one when it was recorded. */
function registries(
  own: ImageName,
  { insecure, username, password, token }: OciOptions,
  ports: Ports,
): (image: ImageName) => RegistryApi {
  const written = {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(token === undefined ? {} : { token }),
  }
  const made = new Map<string, RegistryApi>()
  return ({ registry, repository }) => {
    const image = { registry, repository }
    const known = made.get(showImage(image))
    if (known !== undefined) return known
    const isOwn = registry === own.registry
    const place = isOwn ? { image, insecure, written } : { image, insecure: undefined, written: {} }
    const api = registryApi(place, ports)
    made.set(showImage(image), api)
    return api
  }
}

async function fetchLayer(
  release: Release,
  registryOf: (image: ImageName) => RegistryApi,
  context: FetchContext,
): Promise<FetchedArtifact> {
  const { location, name, size } = release.artifact
  const pinned = parsePinned(location)
  if (pinned.digest === release.digest) {
    throw new DeployError(
      'ARCHIVE_REFUSED',
      `${showPinned(pinned)} is an image, and no file that could be unpacked`,
      {
        hint: 'Run it in a container; or push the files as an artifact (oras push). If one of its layers is the release, name it with layer: or mediaType: on the source.',
      },
    )
  }
  await registryOf(pinned).download({ digest: release.digest, size, name }, context)
  return { kind: 'archive', path: context.file, name }
}
