/** Releases that are files on a web server: versions from an index or a list, digests from the publisher or by fetching. */
import { DeployError } from '../../../base/deploy-error.js'
import type { Ports } from '../../../model/ports.js'
import { parseVersion, type Release } from '../../../model/release.js'
import { revealAll } from '../../../model/secrets.js'
import type { Source, SourceDriver } from '../../../model/source.js'
import type { DriverSpec } from '../../../model/spec.js'
import { download } from '../../artifacts/download.js'
import { shortened } from '../../artifacts/http-trouble.js'
import { looksLikePage } from '../../artifacts/page-instead.js'
import { readText } from '../../artifacts/read-text.js'
import { checksumFor } from '../../artifacts/checksum-lines.js'
import { inSource } from '../in-source.js'
import { chosen, offerOf, type Offer } from '../offer.js'
import { readDocument, remember, type Conditions, type Document } from '../remembered.js'
import { spared } from '../spared.js'
import { fillVersion, versionReader } from '../version-pattern.js'
import { digestByFetching, takeFetched } from '../digest-by-fetching.js'
import { addressBeside, readCompanion } from './http-companion.js'
import { readIndex, type IndexEntry, type IndexShape } from './http-index.js'
import { httpSchema } from './http-schema.js'

/** As the schema admits them. */
type HttpOptions = DriverSpec & {
  readonly index?: string
  readonly versions?: readonly string[]
  readonly list?: string
  readonly fields?: Partial<IndexShape['fields']>
  readonly pattern?: string
  readonly url?: string
  readonly sha256?: string
  readonly headers?: { readonly [name: string]: string }
}

type Headers = { readonly [name: string]: string }

export const httpSource: SourceDriver = {
  type: 'http',
  schema: httpSchema,
  create: (name, options, ports) => createHttpSource(name, options, ports), // validated by httpSchema
}

function createHttpSource(name: string, options: HttpOptions, ports: Ports): Source {
  /** Headers may hold a login, so they go only to the hosts that deploy.yaml itself names. */
  const ownOrigins = new Set(
    [options.index, options.url, options.sha256].flatMap((address) =>
      address === undefined ? [] : originOf(address),
    ),
  )
  const headersFor = async (url: string, signal: AbortSignal): Promise<Headers> =>
    originOf(url).some((origin) => ownOrigins.has(origin))
      ? revealAll(ports.secrets, options.headers ?? {}, signal)
      : {}
  const offer = rememberedOffer(options, headersFor, ports)
  const where = options.index === undefined ? 'the list in deploy.yaml' : 'the index'

  return {
    versions: (signal) =>
      inSource(name, signal, async () =>
        [...(await offer.latest(signal))].map(([version, [entry]]) => ({
          version,
          ...(entry?.publishedAt == null ? {} : { publishedAt: entry.publishedAt }),
        })),
      ),
    resolve: (version, signal) =>
      inSource(name, signal, async () => {
        const entry = chosen(await offer.recent(signal), version, where, (one) => one.address ?? one.version)
        const url = addressOf(entry, options)
        const measured = await measure(entry, url, options, headersFor, ports, signal)
        return releaseOf(name, entry, url, measured)
      }),
    fetch: (release, context) =>
      inSource(name, context.signal, async () => {
        const { location: url, size, name: fileName } = release.artifact
        const artifact = { kind: 'archive', path: context.file, name: fileName } as const
        if (await takeFetched(url, release.digest, context.file, ports)) return artifact
        const headers = await headersFor(url, context.signal)
        const expected = size === undefined ? {} : { expectedSize: size }
        await download({ url, headers, ...expected, clock: ports.clock, ...context })
        return artifact
      }),
    // whoever fetches by it has no headers
    ...(Object.keys(options.headers ?? {}).length > 0
      ? {}
      : { address: (release: Release) => Promise.resolve(release.artifact.location) }),
    companion: (release, wanted, signal) =>
      inSource(name, signal, async () => {
        const url = addressBeside(release.artifact.location, fillVersion(wanted, release.version))
        return readCompanion(url, await headersFor(url, signal), ports.clock, signal)
      }),
  }
}

type HeadersFor = (url: string, signal: AbortSignal) => Promise<Headers>

function rememberedOffer(options: HttpOptions, headersFor: HeadersFor, ports: Ports) {
  const written = (options.versions ?? []).map((version) => ({
    version: parseVersion(version),
    address: null,
    sha256: null,
    size: null,
    publishedAt: null,
  }))
  const shape: IndexShape = {
    list: options.list ?? '',
    fields: {
      version: 'version',
      url: 'url',
      sha256: 'sha256',
      size: 'size',
      publishedAt: 'publishedAt',
      ...options.fields,
    },
    versionOf: versionReader(options.pattern ?? '{version}'),
  }
  const understand = (text: string, address: string, headers: globalThis.Headers): Offer<IndexEntry> => {
    if (looksLikePage(new URL(address), headers, Buffer.from(text.slice(0, 512)))) throw pageInstead(text)
    return offerOf(distinct([...readIndex(text, shape), ...written]))
  }
  const url = options.index
  if (url === undefined) {
    const offer = Promise.resolve(offerOf(distinct(written)))
    return { latest: () => offer, recent: () => offer }
  }
  const sparing = spared(ports.clock)
  const index = remember<Document<Offer<IndexEntry>>>(async (previous, signal) => {
    const headers = { accept: 'application/json, text/plain, */*', ...(await headersFor(url, signal)) }
    const request = { url, headers, clock: ports.clock, signal }
    const read = (conditions: Conditions) =>
      sparing((manners) => readText({ ...request, ...conditions, ...manners }))
    return readDocument(url, previous, read, (text, answered) => understand(text, url, answered))
  }, ports.clock)
  return {
    latest: async (signal: AbortSignal) => (await index.latest(signal)).content,
    recent: async (signal: AbortSignal) => (await index.recent(signal)).content,
  }
}

function pageInstead(text: string): DeployError {
  return new DeployError('SOURCE_GARBAGE', 'the address of the index answers with a web page', {
    hint: 'A login page or a proxy answers: check the address, and the headers if it needs any.',
    details: [`it says: ${shortened(text)}`],
  })
}

/** A list that says the same thing twice says it once. */
function distinct(entries: readonly IndexEntry[]): Iterable<IndexEntry> {
  return new Map(entries.map((entry) => [JSON.stringify(entry), entry])).values()
}

function addressOf(entry: IndexEntry, options: HttpOptions): string {
  if (options.url !== undefined) return fillVersion(options.url, entry.version, encodeURIComponent)
  const { address, version } = entry
  if (address !== null && URL.canParse(address, options.index)) return new URL(address, options.index).href
  throw new DeployError('SOURCE_GARBAGE', `the index has no address for version ${version}`, {
    hint: 'Set url: to a template with {version}, or fields.url to the field that holds the address.',
    details: address === null ? [] : [`it has: ${address.slice(0, 200)}`],
  })
}

/** From the index, else from the checksum file, else by fetching the file itself. */
async function measure(
  entry: IndexEntry,
  url: string,
  options: HttpOptions,
  headersFor: HeadersFor,
  ports: Ports,
  signal: AbortSignal,
): Promise<{ readonly digest: string; readonly size: number | null }> {
  if (entry.sha256 !== null) return { digest: `sha256:${entry.sha256}`, size: entry.size }
  if (options.sha256 === undefined)
    return digestByFetching({ url, headers: await headersFor(url, signal) }, ports, signal)
  const checksums = fillVersion(options.sha256, entry.version, encodeURIComponent)
  const headers = await headersFor(checksums, signal)
  const answer = await readText({
    url: checksums,
    headers,
    missing: 'ARTIFACT_MISSING',
    clock: ports.clock,
    signal,
  })
  const digits = answer.status === 'fresh' ? checksumFor(answer.body, fileNameOf(url)) : null
  if (digits !== null) return { digest: `sha256:${digits}`, size: entry.size }
  throw new DeployError(
    'ARTIFACT_UNPROVEN',
    `the checksum file of version ${entry.version} has no SHA-256 for ${fileNameOf(url)}`,
    {
      hint: 'Check sha256: on the source; the file has to have a line for this name, or nothing but the digits.',
      details: answer.status === 'fresh' ? [`it begins: ${answer.body.slice(0, 120).trim()}`] : [],
    },
  )
}

function releaseOf(
  source: string,
  entry: IndexEntry,
  url: string,
  { digest, size }: { readonly digest: string; readonly size: number | null },
): Release {
  return {
    source,
    version: entry.version,
    digest,
    artifact: {
      kind: 'archive',
      name: fileNameOf(url),
      location: url,
      ...(size === null ? {} : { size }),
    },
    ...(entry.publishedAt === null ? {} : { publishedAt: entry.publishedAt }),
  }
}

function originOf(address: string): readonly string[] {
  const plain = fillVersion(address, '0')
  return URL.canParse(plain) ? [new URL(plain).origin] : []
}

/** The last part of the path, as it is on the server's disk. */
function fileNameOf(url: string): string {
  const last = new URL(url).pathname.replace(/^.*\//, '')
  try {
    return decodeURIComponent(last).replace(/[/\\]/g, '_') || 'artifact'
  } catch {
    return last
  }
}
