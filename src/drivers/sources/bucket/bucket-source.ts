/**
 * A source whose releases are objects of a bucket. What S3, GCS and everything like them have in common is here: the
 * listing, the choice, the digest, the fetching, the files beside. Each kind brings a client that talks to its server.
 */
import { DeployError } from '../../../base/deploy-error.js'
import type { Ports } from '../../../model/ports.js'
import { showVersion, type Release } from '../../../model/release.js'
import type { FetchContext, FetchedArtifact, Source } from '../../../model/source.js'
import { download } from '../../artifacts/download.js'
import type { Explain } from '../../artifacts/http-trouble.js'
import { readBytes } from '../../artifacts/read-text.js'
import { patientPolicy, type RetryPolicy } from '../../artifacts/retries.js'
import { digestByFetching, takeFetched, type Measured } from '../digest-by-fetching.js'
import { inSource, type BetterHints } from '../in-source.js'
import { chosen, offerOf, type Offer } from '../offer.js'
import { remember } from '../remembered.js'
import { respite } from '../respite.js'
import { companionKeys, type BucketLayout } from './bucket-layout.js'
import { readAddress, writeAddress, type ObjectPlace } from './object-address.js'

/** An object as a listing has it. */
export interface StoredObject {
  readonly key: string
  readonly size: number
  /** ISO 8601. */
  readonly storedAt: string | null
  /** Changes with the content. */
  readonly mark: string
}

/** One content of a key, told apart from all that came before and may come after. */
export interface PinnedObject extends ObjectPlace {
  readonly size: number
  readonly mark: string
  /** 64 hexadecimal digits, where the server knows them of the whole object. */
  readonly sha256: string | null
  /** The size is that of a compressed form, and not what is sent. */
  readonly encoded?: boolean
}

export interface ObjectRequest {
  readonly url: string
  readonly headers: { readonly [name: string]: string }
  readonly explain: Explain
}

export interface BucketClient<O extends StoredObject = StoredObject> {
  /** Every object whose key begins so. */
  list(begins: string, retry: RetryPolicy, signal: AbortSignal): Promise<readonly O[]>
  pin(object: O, signal: AbortSignal): Promise<PinnedObject>
  /** What a download of it takes; good for as long as a download may last. */
  requestFor(place: ObjectPlace, signal: AbortSignal): Promise<ObjectRequest>
}

export interface BucketParts<O extends StoredObject> {
  readonly source: string
  /** As addresses begin: `s3`, `gs`. */
  readonly scheme: string
  readonly bucket: string
  /** Where buckets of that name are looked for; part of what a fetched file is known by. */
  readonly server: string
  readonly layout: BucketLayout
  readonly client: BucketClient<O>
  /** Whether the client's addresses hold the right to fetch by them, and no header is needed. */
  readonly isAddressEnough?: boolean
}

/** All but the listing, for what comes after it. */
type Place = Omit<BucketParts<StoredObject>, 'client'> & { readonly client: Pick<BucketClient, 'requestFor'> }

interface Listed<O extends StoredObject = StoredObject> {
  readonly version: string
  readonly object: O
}

/** Retries of a listing: fewer than of a download, for a person waits for it. */
const listingPolicy: RetryPolicy = { ...patientPolicy, retries: 3 }
const companionMostBytes = 2 ** 20

export function bucketSource<O extends StoredObject>(parts: BucketParts<O>, ports: Ports): Source {
  const { source, client, layout } = parts
  const rest = respite(ports.clock)
  const offer = remember<Offer<Listed<O>>>(
    (_previous, signal) =>
      rest.around(async (failing) => {
        const policy = failing ? { ...listingPolicy, retries: 0 } : listingPolicy
        return offerIn(await client.list(layout.begins, policy, signal), layout)
      }),
    ports.clock,
  )
  const pin = rememberPins(client)
  const fetchHints: BetterHints = {
    ARTIFACT_MISSING: 'It was deleted or replaced since it was planned: plan again.',
  }
  return {
    versions: (signal) =>
      inSource(source, signal, async () =>
        [...(await offer.latest(signal))].map(([version, [one]]) => ({ version, ...dateOf(one) })),
      ),
    resolve: (version, signal) =>
      inSource(source, signal, async () => {
        const where = `the bucket ${parts.bucket}`
        const found = chosen(await offer.recent(signal), version, where, ({ object }) => object.key)
        refuseEmpty(found)
        return releaseOf(parts, found, await pin(found.object, signal), ports, signal)
      }),
    fetch: (release, context) =>
      inSource(source, context.signal, () => fetchObject(release, parts, context, ports), fetchHints),
    ...(parts.isAddressEnough === true
      ? {
          address: (release: Release, signal: AbortSignal) =>
            inSource(source, signal, async () => {
              const { url } = await client.requestFor(readAddress(release.artifact.location), signal)
              return url
            }),
        }
      : {}),
    companion: (release, name, signal) =>
      inSource(source, signal, () => readCompanion(release, name, client, ports, signal)),
  }
}

function offerIn<O extends StoredObject>(
  objects: readonly O[],
  { versionOf }: BucketLayout,
): Offer<Listed<O>> {
  return offerOf(
    objects.flatMap((object) => {
      const version = versionOf(object.key)
      return version === null ? [] : [{ version, object }]
    }),
  )
}

function dateOf(listed: Listed | undefined): { readonly publishedAt?: string } {
  return listed?.object.storedAt == null ? {} : { publishedAt: listed.object.storedAt }
}

function refuseEmpty({ version, object }: Listed): void {
  if (object.size > 0) return
  throw new DeployError(
    'SOURCE_GARBAGE',
    `${object.key}, which would be ${showVersion(version)}, has 0 bytes`,
    {
      hint: 'Upload it again.',
    },
  )
}

/** A key whose mark in the listing is the same is not looked at again. */
function rememberPins<O extends StoredObject>(client: BucketClient<O>): BucketClient<O>['pin'] {
  const known = new Map<string, { readonly mark: string; readonly pinned: PinnedObject }>()
  return async (object, signal) => {
    const last = known.get(object.key)
    if (last?.mark === object.mark) return last.pinned
    const pinned = await client.pin(object, signal)
    known.set(object.key, { mark: object.mark, pinned })
    return pinned
  }
}

async function releaseOf(
  parts: Place,
  listed: Listed,
  pinned: PinnedObject,
  ports: Ports,
  signal: AbortSignal,
): Promise<Release> {
  const location = writeAddress(parts.scheme, parts.bucket, pinned)
  const { digest, size } = await measured(parts, pinned, location, ports, signal)
  const name = listed.object.key.replace(/^.*\//, '')
  return {
    source: parts.source,
    version: listed.version,
    digest,
    artifact: { kind: 'archive', name, location, size },
    ...dateOf(listed),
  }
}

async function measured(
  parts: Place,
  pinned: PinnedObject,
  location: string,
  ports: Ports,
  signal: AbortSignal,
): Promise<Measured> {
  const { sha256, size, mark, encoded } = pinned
  if (sha256 !== null) return { digest: `sha256:${sha256}`, size }
  const known = { name: nameOf(parts, location), mark, ...(encoded === true ? {} : { expectedSize: size }) }
  return fromEdition(pinned, async (place) =>
    digestByFetching({ ...(await parts.client.requestFor(place, signal)), ...known }, ports, signal),
  )
}

/** Signed addresses change from one request to the next; this does not. */
function nameOf({ server }: Place, location: string): string {
  return `${server} ${location}`
}

async function fetchObject(
  release: Release,
  parts: Place,
  context: FetchContext,
  ports: Ports,
): Promise<FetchedArtifact> {
  const { location, name, size } = release.artifact
  if (!(await takeFetched(nameOf(parts, location), release.digest, context.file, ports))) {
    const expected = size === undefined ? {} : { expectedSize: size }
    await fromEdition(readAddress(location), async (place) => {
      const request = await parts.client.requestFor(place, context.signal)
      await download({ ...request, ...expected, clock: ports.clock, ...context })
    })
  }
  return { kind: 'archive', path: context.file, name }
}

/**
 * From the very content that was planned; where that may not be read by its edition (S3 has a permission of its own for
 * it), from the key. What comes is held against the digest in either case.
 */
async function fromEdition<T>(place: ObjectPlace, work: (place: ObjectPlace) => Promise<T>): Promise<T> {
  const { key, edition } = place
  try {
    return await work({ key, edition })
  } catch (error) {
    const isDenied = error instanceof DeployError && error.code === 'SOURCE_DENIED'
    if (edition === null || !isDenied) throw error
    return work({ key, edition: null })
  }
}

async function readCompanion(
  release: Release,
  name: string,
  client: Pick<BucketClient, 'requestFor'>,
  ports: Ports,
  signal: AbortSignal,
): Promise<Uint8Array | null> {
  const { key: artifactKey } = readAddress(release.artifact.location)
  const limits = { maxBytes: companionMostBytes, missing: 'ARTIFACT_MISSING' } as const
  for (const key of companionKeys(artifactKey, name, release.version)) {
    const request = await client.requestFor({ key, edition: null }, signal)
    try {
      const answer = await readBytes({ ...request, ...limits, clock: ports.clock, signal })
      if (answer.status === 'fresh') return answer.body
    } catch (error) {
      if (!(error instanceof DeployError) || error.code !== 'ARTIFACT_MISSING') throw error
    }
  }
  return null
}
