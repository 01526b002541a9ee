/** A tiny client that pushes to a real registry what the tests of the oci source need: blobs, artifacts, images, indexes. */
import { createHash } from 'node:crypto'
import { addressOf } from './needs.js'

/** What the service `docker-registry` says of itself. */
export interface Registries {
  /** `127.0.0.1:PORT`, open to everybody. */
  readonly open: string
  /** Behind a user and a password. */
  readonly basic: string
  /** Behind a token server. */
  readonly token: string
  readonly realm: string
  readonly service: string
  readonly user: string
  readonly password: string
}

export function registries(): Registries {
  return JSON.parse(addressOf('docker-registry')) as Registries // made by test/services/docker-registry.mjs
}

export interface PushedFile {
  readonly content: string | Buffer
  readonly title?: string
  readonly mediaType?: string
}
export interface PushedArtifact {
  readonly artifactType?: string
  readonly annotations?: { readonly [name: string]: string }
  /** The manifest that it refers to. */
  readonly subject?: object
  /** Set for an image. */
  readonly image?: { readonly os: string; readonly architecture: string }
}

export interface Descriptor {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
}

export interface OciPusher {
  blob(content: string | Buffer): Promise<string>
  artifact(tag: string, files: readonly PushedFile[], parts?: PushedArtifact): Promise<Descriptor>
  index(tag: string, entries: readonly object[]): Promise<Descriptor>
  remove(digest: string): Promise<void>
}

const emptyType = 'application/vnd.oci.empty.v1+json'
const manifestType = 'application/vnd.oci.image.manifest.v1+json'
const indexType = 'application/vnd.oci.image.index.v1+json'
const configType = 'application/vnd.oci.image.config.v1+json'

export function digestOfContent(content: string | Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`
}

/** `login` answers the Authorization header for a push to the repository. */
export function ociPusher(
  registry: string,
  repository: string,
  login: () => Promise<string | null> = () => Promise.resolve(null),
): OciPusher {
  const base = `http://${registry}/v2/${repository}`
  const send = async (
    method: string,
    url: string,
    body?: string | Buffer,
    type?: string,
  ): Promise<Response> => {
    const authorization = await login()
    const headers = {
      ...(authorization === null ? {} : { authorization }),
      ...(type === undefined ? {} : { 'content-type': type }),
    }
    const sent = body === undefined ? {} : { body: new Uint8Array(Buffer.from(body)) }
    const response = await fetch(url, { method, headers, ...sent })
    const said = await response.text()
    if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${said}`)
    return response
  }
  const blob = async (content: string | Buffer): Promise<string> => {
    const begun = await send('POST', `${base}/blobs/uploads/`)
    const place = new URL(begun.headers.get('location') ?? '', base)
    place.searchParams.set('digest', digestOfContent(content))
    await send('PUT', place.href, content, 'application/octet-stream')
    return digestOfContent(content)
  }
  const manifest = async (tag: string, document: object, mediaType: string): Promise<Descriptor> => {
    const text = JSON.stringify({ schemaVersion: 2, mediaType, ...document })
    await send('PUT', `${base}/manifests/${tag}`, text, mediaType)
    return { mediaType, digest: digestOfContent(text), size: Buffer.byteLength(text) }
  }
  return {
    blob,
    async artifact(tag, files, { image, ...parts } = {}) {
      const config = image === undefined ? '{}' : JSON.stringify(image)
      const layers = []
      for (const { content, title, mediaType = 'application/octet-stream' } of files) {
        const digest = await blob(content)
        const titled = title === undefined ? {} : { annotations: { 'org.opencontainers.image.title': title } }
        layers.push({ mediaType, digest, size: Buffer.byteLength(content), ...titled })
      }
      const digest = await blob(config)
      const type = image === undefined ? emptyType : configType
      return manifest(
        tag,
        { config: { mediaType: type, digest, size: config.length }, layers, ...parts },
        manifestType,
      )
    },
    index: (tag, manifests) => manifest(tag, { manifests }, indexType),
    async remove(digest) {
      await send('DELETE', `${base}/manifests/${digest}`)
    },
  }
}
