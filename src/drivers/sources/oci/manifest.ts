/**
 * What a manifest or an index says, reduced to what a release needs. Pure: bytes in, facts out.
 *
 * Both the OCI and the Docker spelling are read. What a manifest points at is fetched by digest, so a digest or a size
 * that makes no sense is refused here, before anything is asked for.
 */
import { DeployError } from '../../../base/deploy-error.js'
import { recordIn, textIn, type Fields } from '../../artifacts/json-fields.js'
import type { Platform } from './platform.js'

export interface Layer {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
  /** The file's name, where its publisher gave it one. */
  readonly title: string | null
}

export interface Manifest {
  readonly kind: 'manifest'
  /** An image is run; anything else is an artifact, which is a file with a manifest. */
  readonly isImage: boolean
  readonly artifactType: string | null
  readonly layers: readonly Layer[]
  readonly createdAt: string | null
  /** Of an image: the document that says how it is run, and when it was built. */
  readonly config: { readonly digest: string; readonly size: number } | null
}

/** Manifests for several platforms under one name; what only vouches for another entry is left out. */
export interface Index {
  readonly kind: 'index'
  readonly entries: readonly IndexEntry[]
}
export interface IndexEntry {
  readonly digest: string
  readonly platform: Platform | null
  readonly artifactType: string | null
}

export const manifestTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
] as const

const imageConfigs = new Set([
  'application/vnd.oci.image.config.v1+json',
  'application/vnd.docker.container.image.v1+json',
])
const emptyType = 'application/vnd.oci.empty.v1+json'

/** `where` names the image for the message when the bytes are no manifest. */
export function readManifest(bytes: Buffer, where: string): Manifest | Index {
  const document = recordIn(parsed(bytes))
  const [manifests, layers] = [document?.['manifests'], document?.['layers']]
  // one that could be read either way may be signed as the one and deployed as the other
  if (document === null || Array.isArray(manifests) === Array.isArray(layers)) {
    throw noManifest(where, document, bytes)
  }
  return Array.isArray(manifests)
    ? { kind: 'index', entries: manifests.flatMap((entry) => readEntry(entry, where)) }
    : readOne(document, Array.isArray(layers) ? layers : [], where)
}

function readOne(document: Fields, layers: readonly unknown[], where: string): Manifest {
  const config = recordIn(document['config'])
  const configType = textIn(config?.['mediaType'])
  const artifactType = textIn(document['artifactType'])
  const isImage = artifactType === null && configType !== null && imageConfigs.has(configType)
  const annotations = recordIn(document['annotations'])
  return {
    kind: 'manifest',
    isImage,
    // before there was a field for it, the config's type said what an artifact is
    artifactType: artifactType ?? (isImage || configType === emptyType ? null : configType),
    layers: layers.map((layer) => readLayer(layer, where)).filter(({ mediaType }) => mediaType !== emptyType),
    createdAt: momentIn(annotations?.['org.opencontainers.image.created']),
    config: isImage ? readLayer(config, where) : null,
  }
}

/** When an image was built, by its configuration. */
export function builtAt(config: Buffer): string | null {
  return momentIn(recordIn(parsed(config))?.['created'])
}

/** Builds that are the same every time are dated at the beginning of time, which says nothing. */
function momentIn(value: unknown): string | null {
  const text = textIn(value)
  return text !== null && Date.parse(text) > Date.UTC(2000, 0) ? text : null
}

function readLayer(written: unknown, where: string): Layer {
  const fields = recordIn(written)
  const size = fields?.['size']
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
    throw senseless(where, 'a layer without a size')
  }
  return {
    mediaType: textIn(fields?.['mediaType']) ?? '',
    digest: digestIn(fields, where),
    size,
    title: textIn(recordIn(fields?.['annotations'])?.['org.opencontainers.image.title']),
  }
}

function readEntry(written: unknown, where: string): readonly IndexEntry[] {
  const fields = recordIn(written)
  const platform = platformIn(recordIn(fields?.['platform']))
  const vouches = textIn(recordIn(fields?.['annotations'])?.['vnd.docker.reference.type']) !== null
  if (vouches || platform?.os === 'unknown') return []
  return [{ digest: digestIn(fields, where), platform, artifactType: textIn(fields?.['artifactType']) }]
}

function platformIn(fields: Fields | null): Platform | null {
  const [os, arch, variant] = ['os', 'architecture', 'variant'].map((name) => textIn(fields?.[name]))
  if (os == null || arch == null) return null
  return { os, arch, ...(variant == null ? {} : { variant }) }
}

const digestText = /^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/

export function isDigest(text: string): boolean {
  return digestText.test(text)
}

function digestIn(fields: Fields | null, where: string): string {
  const digest = textIn(fields?.['digest'])
  if (digest === null || !isDigest(digest)) throw senseless(where, 'something without a digest')
  return digest
}

function senseless(where: string, what: string): DeployError {
  return new DeployError('SOURCE_GARBAGE', `the manifest of ${where} names ${what}`, {
    hint: 'Push it again with a current tool; what cannot be verified is not deployed.',
  })
}

function noManifest(where: string, document: Fields | null, bytes: Buffer): DeployError {
  const isOld = document?.['schemaVersion'] === 1
  const says = isOld
    ? `${where} has a manifest of the old kind (schema 1), which cannot be verified`
    : `the registry did not answer with a manifest for ${where}`
  return new DeployError('SOURCE_GARBAGE', says, {
    hint: isOld
      ? 'Push it again with a current tool.'
      : 'Check image:; a login page or a proxy may have answered instead of a registry.',
    details: [`the answer begins: ${JSON.stringify(bytes.toString('utf8').slice(0, 120))}`],
  })
}

function parsed(bytes: Buffer): unknown {
  try {
    // JSON.parse answers any; unknown makes the caller look before it believes
    return JSON.parse(bytes.toString('utf8')) as unknown
  } catch {
    return null
  }
}
