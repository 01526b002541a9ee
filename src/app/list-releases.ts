/** Which releases of a service there are: serving, kept, lying on the target, and on offer at its source. */
import pLimit from 'p-limit'
import { reportOf, type ErrorReport } from '../base/deploy-error.js'
import type { VersionListing } from '../model/release.js'
import type { Deployed, Hold, RecordedState } from '../model/state.js'
import { holdsOf, recordedHosts, recordedOn } from '../model/state.js'
import type { StagedRelease } from '../model/target.js'
import { withHost } from '../model/interpolate-host.js'
import { compareVersions } from '../model/version.js'
import type { ReleaseRow, ReleasesReport } from './requests.js'
import type { ServiceConfig } from '../model/config.js'
import { openHostBook, type HostBook } from './host-book.js'
import { recordedInstances } from './observe.js'
import { selectServices } from './select-services.js'
import type { World } from './world.js'
import { readState } from './read-state.js'

const questionsAtOnce = 8
const looksAtOnce = 64

export async function listReleases(
  world: World,
  named: readonly string[],
  signal: AbortSignal,
): Promise<ReleasesReport> {
  const state = await readState(world)
  const services = selectServices(named, world.config, state)
  const book = await openHostBook(world, state, signal)
  const limit = pLimit(questionsAtOnce)
  const lists = await Promise.all(
    services.map((service) => limit(() => releasesOf(world, state, service, book, signal))),
  )
  return { rows: lists.flatMap((list) => list.rows), problems: lists.flatMap((list) => list.problems) }
}

async function releasesOf(
  world: World,
  state: RecordedState | null,
  service: string,
  book: HostBook,
  signal: AbortSignal,
): Promise<ReleasesReport> {
  const looksLimit = pLimit(looksAtOnce)
  const problems: { readonly service: string; readonly error: ErrorReport }[] = []
  const orNone = async <T>(question: () => Promise<readonly T[]>): Promise<readonly T[]> => {
    try {
      return await question()
    } catch (error) {
      problems.push({ service, error: reportOf(error) })
      return []
    }
  }
  const recorded = state?.services[service]
  const config = world.config.services[service]
  const spec = config === undefined ? undefined : world.config.sources[config.source]
  const offered =
    spec === undefined || config === undefined
      ? []
      : await orNone(() => world.source(config.source, spec).versions(signal))
  const hosts = recorded === undefined ? wantedHosts(config, book) : recordedHosts(recorded)
  const looks = hosts.map((host) =>
    looksLimit(() =>
      orNone(async () => {
        const there = recordedOn(recorded ?? null, host)?.spec.target
        const at = book.named(host)
        const place = there ?? (config && withHost(config.target, at, `services.${service}.target`))
        if (place === undefined) return []
        const target = world.target(place, { service, host: at })
        const { staged } = await target.inspect(recordedInstances(recorded ?? null, host), signal)
        return staged.map((lying) => ({ ...lying, host }))
      }),
    ),
  )
  const lying = (await Promise.all(looks)).flat()
  const staged = lying.filter(
    ({ digest }, index) => lying.findIndex((one) => one.digest === digest) === index,
  )
  const onAll = new Set(
    staged.filter(({ digest }) => isWholeOn(hosts, lying, digest)).map(({ digest }) => digest),
  )
  const deployed = recorded === undefined ? [] : [recorded.active, ...recorded.previous]
  const rows = merge(
    service,
    deployed,
    staged,
    onAll,
    offered,
    holdsOf(state, service),
    recorded?.pin?.digest ?? null,
  ).sort((a, b) => compareVersions(b.version, a.version, config?.policy.scheme))
  return { rows, problems }
}

function wantedHosts(config: ServiceConfig | undefined, book: HostBook): readonly string[] {
  return config === undefined ? [] : book.wanted(config).map(({ name }) => name)
}

function isWholeOn(
  hosts: readonly string[],
  lying: readonly (StagedRelease & { readonly host: string })[],
  digest: string,
): boolean {
  return hosts.every((host) =>
    lying.some((one) => one.host === host && one.digest === digest && one.status !== 'broken'),
  )
}

/** One row a release: by digest where it is known, else by version. */
function merge(
  service: string,
  deployed: readonly Deployed[],
  staged: readonly StagedRelease[],
  /** Digests of those that lie whole on every host. */
  onAll: ReadonlySet<string>,
  offered: readonly VersionListing[],
  holds: readonly Hold[],
  pinned: string | null,
): ReleaseRow[] {
  const row = (
    version: string,
    digest: string | null,
    status: ReleaseRow['status'],
    from?: Deployed,
  ): ReleaseRow => ({
    service,
    version,
    digest,
    status,
    held: holds.find((hold) => (digest === null ? hold.version === version : hold.digest === digest)) ?? null,
    pinned: pinned !== null && pinned === digest,
    onTarget: digest !== null && onAll.has(digest),
    deployedAt: from?.at ?? null,
    publishedAt: offered.find((listing) => listing.version === version)?.publishedAt ?? null,
  })
  const rows = deployed.map((one, index) =>
    row(one.release.version, one.release.digest, index === 0 ? 'active' : 'previous', one),
  )
  const known = new Set(rows.map((one) => one.digest))
  for (const lying of staged) {
    if (!known.has(lying.digest))
      rows.push(row(lying.version, lying.digest, lying.status === 'broken' ? 'broken' : 'staged'))
  }
  const versions = new Set(rows.map((one) => one.version))
  for (const listing of offered)
    if (!versions.has(listing.version)) rows.push(row(listing.version, null, 'available'))
  return rows
}
