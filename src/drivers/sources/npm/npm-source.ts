/** Releases that are packages of an npm registry: versions and integrity from the registry, files from the tarball. */
import { DeployError } from '../../../base/deploy-error.js'
import type { DriverSpec } from '../../../model/spec.js'
import type { Ports } from '../../../model/ports.js'
import { parseVersion, type Release, type VersionListing } from '../../../model/release.js'
import type { FetchContext, FetchedArtifact, Source, SourceDriver } from '../../../model/source.js'
import { download } from '../../artifacts/download.js'
import { readJson } from '../../artifacts/read-text.js'
import { inSource, type BetterHints } from '../in-source.js'
import { readDocument, remember, type Document } from '../remembered.js'
import { spared, type Manners } from '../spared.js'
import { versionNotFound } from '../offer.js'
import { findRegistry, type NpmRegistry } from './npm-configuration.js'
import { npmSchema } from './npm-schema.js'
import { readPackument, type Packument, type PublishedVersion } from './packument.js'
import { tarballAddresses } from './tarball-addresses.js'

/** As the schema admits them. */
type NpmOptions = DriverSpec & {
  readonly package: string
  readonly registry?: string
  readonly token?: string
  readonly distTag?: string
}

/**
 * The forms of the package document. The short one has all that is needed but the times of publication; a registry
 * that knows only the long one sends that.
 */
const forms = {
  short: 'application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8',
  long: 'application/json',
}

/** The long form of a package with thousands of versions has tens of megabytes. */
const longestDocumentBytes = 256 * 2 ** 20

export const npmSource: SourceDriver = {
  type: 'npm',
  schema: npmSchema,
  create: (name, options, ports) => createNpmSource(name, options as NpmOptions, ports), // validated by npmSchema
}

function createNpmSource(name: string, options: NpmOptions, ports: Ports): Source {
  const registryOf = async (signal: AbortSignal): Promise<NpmRegistry> => {
    const token = options.token === undefined ? undefined : await ports.secrets.reveal(options.token, signal)
    return findRegistry(options.package, { registry: options.registry, token }, ports, signal)
  }
  const sparing = spared(ports.clock)
  const inForm = (accept: string) =>
    remember<Document<Packument>>(async (previous, signal) => {
      const registry = await registryOf(signal)
      return sparing((manners) =>
        readPackage(options.package, registry, previous, { accept, manners, ports, signal }),
      )
    }, ports.clock)
  const documents = { short: inForm(forms.short), long: inForm(forms.long) }
  let packument = documents.short
  return {
    versions: (signal, needs) =>
      inSource(
        name,
        signal,
        async () => {
          if (needs?.publishedAt === true) packument = documents.long
          return listingsOf((await packument.latest(signal)).content, options)
        },
        betterHints,
      ),
    resolve: (version, signal) =>
      inSource(
        name,
        signal,
        async () => {
          const { versions } = (await packument.recent(signal)).content
          const wanted = parseVersion(version)
          const published = versions.get(wanted)
          const where = `the package ${options.package}`
          if (published === undefined) throw versionNotFound(where, wanted, [...versions.keys()])
          return releaseOf(name, options.package, published)
        },
        betterHints,
      ),
    fetch: (release, context) =>
      inSource(
        name,
        context.signal,
        async () => fetchTarball(release, options, await registryOf(context.signal), context, ports),
        betterHints,
      ),
  }
}

const betterHints: BetterHints = {
  SOURCE_DENIED:
    'Set token: on the source, or log in with npm login; then check that the token may read the package.',
  SOURCE_GARBAGE: 'Check that registry: is the address of an npm registry and not of a page about one.',
}

interface Asking {
  readonly accept: string
  readonly manners: Manners
  readonly ports: Ports
  readonly signal: AbortSignal
}

async function readPackage(
  packageName: string,
  registry: NpmRegistry,
  previous: Document<Packument> | null,
  { accept, manners, ports, signal }: Asking,
): Promise<Document<Packument>> {
  const { authorization } = registry
  const url = `${registry.url}${packageName.replace('/', '%2f')}`
  const headers = { accept, ...(authorization === null ? {} : { authorization }) }
  const request = { url, headers, ...manners, clock: ports.clock, signal, maxBytes: longestDocumentBytes }
  try {
    return await readDocument(
      url,
      previous,
      (conditions) => readJson({ ...request, ...conditions }),
      (body) => readPackument(body, 'the npm registry'),
    )
  } catch (error) {
    if (!(error instanceof DeployError) || error.code !== 'SOURCE_NOT_FOUND') throw error
    throw new DeployError('SOURCE_NOT_FOUND', `the registry has no package "${packageName}"`, {
      hint: 'Check its name and the registry; a private package looks missing to those who are not logged in.',
      details: [error.message, `the registry comes from ${registry.from}`],
      cause: error,
    })
  }
}

/** Every version; or, with `distTag`, the one that the tag stands for now. */
function listingsOf(
  { versions, tags }: Packument,
  { distTag, package: packageName }: NpmOptions,
): readonly VersionListing[] {
  if (distTag === undefined) return [...versions.values()].map(listingOf)
  const tagged = tags.get(distTag)
  const published = tagged === undefined ? undefined : versions.get(tagged)
  if (published !== undefined) return [listingOf(published)]
  throw new DeployError('VERSION_NOT_FOUND', `the package ${packageName} has no dist-tag "${distTag}"`, {
    hint: 'Choose one that is there, or leave distTag: out to go by the versions themselves.',
    details: [...tags].map(([tag, version]) => `${tag}: ${version}`),
  })
}

function listingOf({ version, publishedAt, deprecated }: PublishedVersion): VersionListing {
  return {
    version,
    ...(publishedAt === null ? {} : { publishedAt }),
    ...(deprecated === null
      ? {}
      : { notice: `its publisher deprecated it${deprecated === '' ? '' : `: ${deprecated}`}` }),
  }
}

function releaseOf(source: string, packageName: string, published: PublishedVersion): Release {
  const { version, digest, tarball, unpackedSize, publishedAt } = published
  if (digest === null) throw unproven(packageName, published)
  return {
    source,
    version,
    digest,
    artifact: {
      kind: 'archive',
      name: `${packageName.replace(/^@/, '').replace('/', '-')}-${version}.tgz`,
      location: tarball,
      strip: 1,
      ...(unpackedSize === null ? {} : { unpackedSize }),
    },
    ...(publishedAt === null ? {} : { publishedAt }),
  }
}

/** A SHA-1 can be forged, so it proves nothing; and a digest of whatever comes first would prove no more. */
function unproven(packageName: string, { version, shasum }: PublishedVersion): DeployError {
  const has = shasum === null ? 'no integrity at all' : 'only a SHA-1 (shasum), which can be forged'
  return new DeployError('ARTIFACT_UNPROVEN', `the registry has ${has} for ${packageName} ${version}`, {
    hint: 'Choose a version that was published with an integrity (since 2017), or publish it again under a new version.',
  })
}

async function fetchTarball(
  release: Release,
  options: NpmOptions,
  registry: NpmRegistry,
  context: FetchContext,
  ports: Ports,
): Promise<FetchedArtifact> {
  const addresses = tarballAddresses(release.artifact.location, options.package, registry.url)
  for (const [index, url] of addresses.entries()) {
    const isOurs = new URL(url).origin === new URL(registry.url).origin
    const headers = isOurs && registry.authorization !== null ? { authorization: registry.authorization } : {}
    try {
      await download({ url, headers, clock: ports.clock, ...context })
      break
    } catch (error) {
      const isMissing = error instanceof DeployError && error.code === 'ARTIFACT_MISSING'
      if (!isMissing || index === addresses.length - 1) throw error
    }
  }
  return { kind: 'archive', path: context.file, name: release.artifact.name }
}
