/**
 * Names of images as people write them (`nginx`, `acme/app`, `ghcr.io/acme/app`, `localhost:5000/app`) and the address of
 * the registry behind a name. Pure, and apart because a release's location is read back by the same rules.
 */

export interface ImageName {
  /** As it is shown and as logins are kept for it: `docker.io`, `ghcr.io`, `localhost:5000`. */
  readonly registry: string
  /** `library/nginx`. */
  readonly repository: string
}

const dockerHub = 'docker.io'

/** A host, with a port or not; and a path in small letters, without a tag or a digest. */
export const imageNamePattern =
  '^((([A-Za-z0-9-]+\\.)+[A-Za-z0-9-]+|localhost)(:[0-9]+)?/|[A-Za-z0-9-]+:[0-9]+/|\\[[0-9A-Fa-f:]+\\](:[0-9]+)?/)?[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*$'

/** By Docker's rule: what is before the first slash is a registry only if it looks like a host. */
export function parseImageName(text: string): ImageName {
  const slash = text.indexOf('/')
  const first = slash === -1 ? '' : text.slice(0, slash)
  if (!/[.:]/.test(first) && first !== 'localhost') return onDockerHub(text)
  const repository = text.slice(slash + 1)
  return ['index.docker.io', 'registry-1.docker.io', dockerHub].includes(first)
    ? onDockerHub(repository)
    : { registry: first, repository }
}

function onDockerHub(repository: string): ImageName {
  return {
    registry: dockerHub,
    repository: repository.includes('/') ? repository : `library/${repository}`,
  }
}

export function showImage({ registry, repository }: ImageName): string {
  return `${registry}/${repository}`
}

/** Where the registry's API answers. Plain HTTP is spoken with this machine, or when it is asked for. */
export function registryOrigin(registry: string, insecure: boolean | undefined): string {
  const host = registry === dockerHub ? 'registry-1.docker.io' : registry
  return `${(insecure ?? isLoopback(host)) ? 'http' : 'https'}://${host}`
}

function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i.test(host)
}

/** An image by its digest: `ghcr.io/acme/app@sha256:…`, which never changes its meaning. */
export interface PinnedImage extends ImageName {
  readonly digest: string
}

export function showPinned(image: PinnedImage): string {
  return `${showImage(image)}@${image.digest}`
}

export function parsePinned(location: string): PinnedImage {
  const [name = '', digest = ''] = location.split('@')
  return { ...parseImageName(name), digest }
}
