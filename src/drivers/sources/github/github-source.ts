/** Releases of a GitHub repository: versions from their tags, digests from the API, files from what is attached. */
import { arch, platform } from 'node:os'
import { DeployError } from '../../../base/deploy-error.js'
import type { DriverSpec } from '../../../model/spec.js'
import type { Ports } from '../../../model/ports.js'
import { parseVersion, showVersion, type Release, type VersionListing } from '../../../model/release.js'
import type { FetchContext, FetchedArtifact, Source, SourceDriver } from '../../../model/source.js'
import { download } from '../../artifacts/download.js'
import { readBytes } from '../../artifacts/read-text.js'
import { digestByFetching, takeFetched } from '../digest-by-fetching.js'
import { inSource, type BetterHints } from '../in-source.js'
import { chosen, offerOf, type Offer } from '../offer.js'
import { remember } from '../remembered.js'
import { fillVersion, versionReader } from '../version-pattern.js'
import { assetNamed } from './asset-name.js'
import { chooseAsset } from './choose-asset.js'
import { githubApi, type GitHubApi } from './github-api.js'
import type { GitHubAsset, GitHubRelease } from './github-releases.js'
import { githubSchema } from './github-schema.js'
import { mostPages, readListing, type ReleaseListing } from './release-listing.js'

/** As the schema admits them. */
type GitHubOptions = DriverSpec & {
  readonly repository: string
  readonly asset?: string
  readonly tag?: string
  readonly token?: string
  readonly baseUrl?: string
}

/** A release whose tag fits the pattern. */
interface Tagged {
  readonly version: string
  readonly release: GitHubRelease
}

const companionMostBytes = 2 ** 20
const thisPlatform = { os: platform(), arch: arch() }

export const githubSource: SourceDriver = {
  type: 'github',
  schema: githubSchema,
  create: (name, options, ports) => createGitHubSource(name, options as GitHubOptions, ports), // validated by githubSchema
}

function createGitHubSource(name: string, options: GitHubOptions, ports: Ports): Source {
  const [owner = '', repository = ''] = options.repository.split('/')
  const baseUrl = baseUrlOf(name, options)
  const api = githubApi({ baseUrl, owner, repository, token: options.token }, ports)
  const { listed, find } = releasesOf(api, options, ports)
  const hints: BetterHints = {
    SOURCE_NOT_FOUND: `Check the name "${options.repository}"; a private repository looks missing without a token that may read it (token:, or GITHUB_TOKEN).`,
  }
  const fetchHints: BetterHints = {
    ARTIFACT_MISSING: 'It was deleted or uploaded again since it was planned: plan again.',
  }

  const asking = <T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> =>
    inSource(name, signal, work, hints)

  return {
    versions: (signal) => asking(signal, async () => [...(await listed(signal)).values()].flatMap(listingOf)),
    resolve: (version, signal) =>
      asking(signal, async () => {
        const { release, version: found } = await find(version, signal)
        const named = { version: found, tag: release.tag, platform: thisPlatform }
        const asset = chooseAsset(options.asset, named, release.assets)
        const digest = asset.digest ?? (await digestOfUnmarked(asset, api, ports, signal))
        return pinned(name, found, digest, asset, release, api)
      }),
    fetch: (release, context) =>
      inSource(name, context.signal, () => fetchAsset(release, context, api, ports), fetchHints),
    companion: (release, wanted, signal) =>
      asking(signal, async () => {
        const { release: found, version } = await find(release.version, signal)
        const asset = assetNamed(wanted, { version, tag: found.tag, platform: thisPlatform }, found.assets)
        return asset === null ? null : readCompanion(asset, api, ports, signal)
      }),
  }
}

/** Of two releases for one version the first is shown; whoever asks for it is told. */
function listingOf([tagged]: readonly Tagged[]): readonly VersionListing[] {
  if (tagged === undefined) return []
  const { publishedAt, prerelease } = tagged.release
  return [
    {
      version: tagged.version,
      ...(publishedAt === null ? {} : { publishedAt }),
      ...(prerelease ? { prerelease: true } : {}),
    },
  ]
}

/** The schema knows what an address looks like; whether it is one shows only here. */
function baseUrlOf(source: string, { baseUrl = 'https://api.github.com' }: GitHubOptions): string {
  if (URL.canParse(baseUrl)) return baseUrl.replace(/\/+$/, '')
  throw new DeployError('CONFIG_INVALID', `source "${source}": baseUrl is not an address: ${baseUrl}`, {
    hint: 'Write the address of the API, such as https://ghe.example.com/api/v3.',
  })
}

interface Releases {
  /** Every version on offer; asks GitHub. */
  readonly listed: (signal: AbortSignal) => Promise<Offer<Tagged>>
  /** One of them, or one from further back. Throws VERSION_NOT_FOUND. */
  readonly find: (version: string, signal: AbortSignal) => Promise<Tagged>
}

function releasesOf(api: GitHubApi, options: GitHubOptions, ports: Ports): Releases {
  const versionOf = versionReader(options.tag ?? '{version}')
  const offerIn = (releases: readonly GitHubRelease[]): Offer<Tagged> =>
    offerOf(
      releases.flatMap((release) => {
        const version = versionOf(release.tag)
        return version === null ? [] : [{ version, release }]
      }),
    )
  let hasListing = false
  const listing = remember<ReleaseListing & { readonly offer: Offer<Tagged> }>(async (previous, signal) => {
    const readPage = (number: number, etag: string | null) => api.page(number, etag, signal)
    const now = await readListing(readPage, previous, ports.clock.monotonicMs())
    hasListing = true
    return now === previous ? previous : { ...now, offer: offerIn(now.releases) }
  }, ports.clock)

  const byTag = async (version: string, signal: AbortSignal): Promise<Offer<Tagged>> => {
    const found: GitHubRelease[] = []
    for (const tag of tagsFor(options.tag ?? '{version}', version)) {
      const release = await api.releaseOf(tag, signal)
      if (release !== null) found.push(release)
    }
    return offerIn(found)
  }
  const tagOf = ({ release }: Tagged) => release.tag
  return {
    listed: async (signal) => (await listing.latest(signal)).offer,
    find: async (version, signal) => {
      const wanted = parseVersion(version)
      // with a list at hand, looking into it costs one conditional request or none; without one, two by tag are less
      const offered = hasListing ? (await listing.recent(signal)).offer : null
      if (offered?.has(wanted) === true) return chosen(offered, wanted, options.repository, tagOf)
      const tagged = await byTag(wanted, signal)
      if (tagged.has(wanted)) return chosen(tagged, wanted, options.repository, tagOf)
      const { offer, cutOff } = await listing.recent(signal)
      const where = cutOff
        ? `${options.repository} (its newest ${mostPages * 100} releases)`
        : options.repository
      return chosen(offer, wanted, where, tagOf)
    },
  }
}

/** `v1.4.2` and `1.4.2`, in what surrounds them. Both are asked for, because two releases for one version are refused. */
function tagsFor(pattern: string, version: string): readonly string[] {
  return [...new Set([showVersion(version), version])].map((text) => fillVersion(pattern, text))
}

function pinned(
  source: string,
  version: string,
  digest: string,
  asset: GitHubAsset,
  { publishedAt }: GitHubRelease,
  api: GitHubApi,
): Release {
  const { name, size } = asset
  return {
    source,
    version,
    digest,
    artifact: { kind: 'archive', name, location: api.assetUrl(asset.id), size },
    ...(publishedAt === null ? {} : { publishedAt }),
  }
}

/** For a file that GitHub has made no digest of: it is fetched, once as long as it stays the same upload. */
async function digestOfUnmarked(
  asset: GitHubAsset,
  api: GitHubApi,
  ports: Ports,
  signal: AbortSignal,
): Promise<string> {
  const request = await api.assetRequest(api.assetUrl(asset.id), signal)
  const mark = `${asset.id} ${asset.size} ${asset.updatedAt ?? ''}`
  const { digest } = await digestByFetching({ ...request, mark, expectedSize: asset.size }, ports, signal)
  return digest
}

async function fetchAsset(
  release: Release,
  context: FetchContext,
  api: GitHubApi,
  ports: Ports,
): Promise<FetchedArtifact> {
  const { location, name, size } = release.artifact
  const artifact = { kind: 'archive', path: context.file, name } as const
  if (await takeFetched(location, release.digest, context.file, ports)) return artifact
  const request = await api.assetRequest(location, context.signal)
  const expected = size === undefined ? {} : { expectedSize: size }
  await download({ ...request, ...expected, clock: ports.clock, ...context })
  return artifact
}

async function readCompanion(
  asset: GitHubAsset,
  api: GitHubApi,
  ports: Ports,
  signal: AbortSignal,
): Promise<Uint8Array | null> {
  const request = await api.assetRequest(api.assetUrl(asset.id), signal)
  const limits = { maxBytes: companionMostBytes, missing: 'ARTIFACT_MISSING' } as const
  try {
    const answer = await readBytes({ ...request, ...limits, clock: ports.clock, signal })
    return answer.status === 'fresh' ? answer.body : null
  } catch (error) {
    // deleted since it was listed
    if (error instanceof DeployError && error.code === 'ARTIFACT_MISSING') return null
    throw error
  }
}
