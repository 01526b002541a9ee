/**
 * What a registry says of a package (its "packument"), reduced to what a release needs.
 *
 * Registries differ in what they leave out, and proxies more so: everything but the versions is optional, and whatever
 * does not have the expected shape is ignored rather than trusted. Pure.
 */
import { DeployError } from '../../../base/deploy-error.js'

export interface PublishedVersion {
  readonly version: string
  readonly tarball: string
  /** `sha512:<hex>` (or sha256), from the strongest hash of `integrity`; null when there is none of these. */
  readonly digest: string | null
  /** The SHA-1 that packages published before 2017 have instead, in hexadecimal. */
  readonly shasum: string | null
  readonly unpackedSize: number | null
  readonly publishedAt: string | null
  /** The publisher's words. */
  readonly deprecated: string | null
}

export interface Packument {
  readonly versions: ReadonlyMap<string, PublishedVersion>
  readonly tags: ReadonlyMap<string, string>
}

/** `where` names the package and registry for the message when the answer is not a packument. */
export function readPackument(body: unknown, where: string): Packument {
  const document = asRecord(body)
  const written = asRecord(document?.['versions'])
  if (document === null || written === null) {
    throw new DeployError(
      'SOURCE_GARBAGE',
      `${where} did not answer with a package document: it has no versions`,
      {
        hint: 'Check that registry: is the address of an npm registry and not of a page about one.',
        details: [`the answer begins: ${JSON.stringify(body).slice(0, 200)}`],
      },
    )
  }
  const times = asRecord(document['time'])
  const versions = new Map<string, PublishedVersion>()
  for (const [version, manifest] of Object.entries(written)) {
    const published = readVersion(version, manifest, asText(times?.[version]))
    if (published !== null) versions.set(version, published)
  }
  const tags = Object.entries(asRecord(document['dist-tags']) ?? {}).flatMap(([tag, version]) => {
    return typeof version === 'string' ? [[tag, version] as const] : []
  })
  return { versions, tags: new Map(tags) }
}

function readVersion(
  version: string,
  manifest: unknown,
  publishedAt: string | null,
): PublishedVersion | null {
  const fields = asRecord(manifest)
  const dist = asRecord(fields?.['dist'])
  const tarball = asText(dist?.['tarball'])
  if (fields === null || dist === null || tarball === null || !URL.canParse(tarball)) return null
  const size = dist['unpackedSize']
  const shasum = asText(dist['shasum'])
  const deprecated = fields['deprecated']
  return {
    version,
    tarball,
    digest: strongestDigest(asText(dist['integrity']) ?? ''),
    shasum: shasum !== null && /^[0-9a-f]{40}$/i.test(shasum) ? shasum.toLowerCase() : null,
    unpackedSize: typeof size === 'number' && Number.isSafeInteger(size) && size >= 0 ? size : null,
    publishedAt: publishedAt !== null && !Number.isNaN(Date.parse(publishedAt)) ? publishedAt : null,
    // an empty text means that a deprecation was taken back; `true` comes from some private registries
    deprecated:
      typeof deprecated === 'string' && deprecated !== '' ? deprecated : deprecated === true ? '' : null,
  }
}

/** The best of a Subresource Integrity text (`sha512-<base64> sha1-…`) as `algorithm:hex`. */
function strongestDigest(integrity: string): string | null {
  for (const [algorithm, length] of [['sha512', 64] as const, ['sha256', 32] as const]) {
    const match = new RegExp(`(?:^|\\s)${algorithm}-([A-Za-z0-9+/]+={0,2})(?:[?\\s]|$)`).exec(integrity)
    const bytes = Buffer.from(match?.[1] ?? '', 'base64')
    if (bytes.length === length) return `${algorithm}:${bytes.toString('hex')}`
  }
  return null
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> | null {
  // any object may be read by name when its values are unknown
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null
}

function asText(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
