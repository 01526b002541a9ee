/** Which releases of a service there are: serving, kept, lying on the target, and on offer at its source. */
import pLimit from 'p-limit'
import { reportOf, type ErrorReport } from '../base/deploy-error.js'
import type { VersionListing } from '../model/release.js'
import type { Deployed, Hold, RecordedState } from '../model/state.js'
import { holdsOf } from '../model/state.js'
import type { StagedRelease } from '../model/target.js'
import { compareVersions } from '../model/version.js'
import type { ReleaseRow, ReleasesReport } from './requests.js'
import { thisHost } from '../model/host-spec.js'
import { recordedInstances } from './observe.js'
import { selectServices } from './select-services.js'
import type { World } from './world.js'
import { readState } from './read-state.js'

const questionsAtOnce = 8

export async function listReleases(
  world: World,
  named: readonly string[],
  signal: AbortSignal,
): Promise<ReleasesReport> {
  const state = await readState(world)
  const services = selectServices(named, world.config, state)
  const limit = pLimit(questionsAtOnce)
  const lists = await Promise.all(
    services.map((service) => limit(() => releasesOf(world, state, service, signal))),
  )
  return { rows: lists.flatMap((list) => list.rows), problems: lists.flatMap((list) => list.problems) }
}

async function releasesOf(
  world: World,
  state: RecordedState | null,
  service: string,
  signal: AbortSignal,
): Promise<ReleasesReport> {
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
  const place = recorded?.active.spec.target ?? config?.target
  const look = async () =>
    place === undefined
      ? []
      : (
          await world
            .target(place, { service, host: thisHost })
            .inspect(recordedInstances(recorded ?? null), signal)
        ).staged
  const staged = await orNone(look)
  const deployed = recorded === undefined ? [] : [recorded.active, ...recorded.previous]
  const rows = merge(
    service,
    deployed,
    staged,
    offered,
    holdsOf(state, service),
    recorded?.pin?.digest ?? null,
  ).sort((a, b) => compareVersions(b.version, a.version, config?.policy.scheme))
  return { rows, problems }
}

/** One row a release: by digest where it is known, else by version. */
function merge(
  service: string,
  deployed: readonly Deployed[],
  staged: readonly StagedRelease[],
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
    onTarget: staged.some((lying) => lying.digest === digest && lying.status !== 'broken'),
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
