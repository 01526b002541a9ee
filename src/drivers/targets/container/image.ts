/** Which image a release is: the source's, by its digest, or the one that deploy.yaml names. Pure. */
import { DeployError } from '../../../base/deploy-error.js'
import type { Release } from '../../../model/release.js'
import { parseImageName, showImage } from '../../artifacts/image-name.js'

export interface ImageReference {
  /** `docker.io/library/nginx`, as the engine's API takes it beside a tag or a digest. */
  readonly name: string
  readonly registry: string
  /** `1.25`, or `sha256:…`. */
  readonly version: string
  readonly isPinned: boolean
}

/** What an engine calls it: `name:1.25`, `name@sha256:…`. */
export function showReference({ name, version, isPinned }: ImageReference): string {
  return `${name}${isPinned ? '@' : ':'}${version}`
}

export function imageOf(option: string | null, release: Release): ImageReference {
  if (option !== null) return parseReference(option)
  const { location } = release.artifact
  // an artifact that is a file has the file's digest, and its location the manifest's
  if (location.endsWith(`@${release.digest}`)) return parseReference(location)
  throw new DeployError(
    'CONFIG_INVALID',
    `${release.source} ${release.version} is no image: what it gives is ${release.artifact.name}.`,
    { hint: 'Use a source of type oci whose tags are images, or name the image: on the target.' },
  )
}

export function parseReference(text: string): ImageReference {
  const [named = '', digest] = text.split('@')
  const slash = named.lastIndexOf('/')
  const colon = named.indexOf(':', slash + 1)
  const image = parseImageName(colon === -1 ? named : named.slice(0, colon))
  const common = { name: showImage(image), registry: image.registry }
  if (digest !== undefined) return { ...common, version: digest, isPinned: true }
  return { ...common, version: colon === -1 ? 'latest' : named.slice(colon + 1), isPinned: false }
}
