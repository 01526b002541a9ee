/** Decides which release a service should run, by its policy, its pin and its holds, asking its source as little as needed. */
import { DeployError } from '../base/deploy-error.js'
import { showRecorded } from '../base/moment.js'
import type { ServiceConfig, VersionPolicy } from '../model/config.js'
import type { Notice } from '../model/plan.js'
import { showVersion, type Release, type VersionListing } from '../model/release.js'
import type { Source } from '../model/source.js'
import { holdsOf, type Hold, type Pin, type RecordedState } from '../model/state.js'
import { isExactVersion, type VersionPick } from '../model/version.js'
import type { Pick } from './pick-once.js'
import { resolveInGrace, type Waiting } from './grace-period.js'
import { retagNotices } from './retagged.js'
import { nothingMatches, stayingNotices, waitingForAge } from './passed-over.js'
import { withPublicationTimes } from './publication-times.js'

export interface Choice {
  readonly release: Release
  /** Why it is this one, for a service that changes. */
  readonly reason: string
  readonly notices: readonly Notice[]
}

export interface ChoiceRequest {
  readonly service: ServiceConfig
  readonly state: RecordedState | null
  /** Whether a held release may be tried again: a person named the service, or its time has come. */
  readonly mayTryAgain: (hold: Hold) => boolean
  /** The source cannot be asked: what runs stays. */
  readonly stays: boolean
  readonly source: Source
  readonly pickVersion: Pick
  readonly now: Date
  readonly signal: AbortSignal
}

export async function chooseRelease(request: ChoiceRequest): Promise<Choice> {
  const { service, state, source, now, signal } = request
  const recorded = state?.services[service.name]
  if (recorded?.pin) return choosePinned(recorded.pin, request)
  const active = recorded?.active.release ?? null
  if (request.stays && active !== null) return keepActive(active, request)
  const offered = await source.versions(signal)
  const isListed = offered.some(({ version }) => version === active?.version)
  const listings = active === null || isListed ? offered : [...offered, active]
  const circumstances = { now, running: active?.version ?? null }
  const dated = await withPublicationTimes(listings, service.policy, circumstances, source, signal)
  const pick = request.pickVersion(dated, service.policy, circumstances)
  const unlisted = isListed ? null : active
  const { taken, held, waiting } = await takeFirst(pick.candidates, unlisted, active, request)
  const notices = [
    ...held.map((one) => heldNotice(one, service.name)),
    ...waiting.map(({ notice }) => notice),
  ]
  if (taken !== null) {
    const age = waitingForAge(pick.passedOver, taken.listing.version, service, now)
    const { release, notices: told } = taken
    const reason = reasonFor(release, service.policy)
    return { release, reason, notices: [...notices, ...told, ...age] }
  }
  return stay(active, pick, { held, waiting, notices, offered }, request)
}

interface Taken {
  readonly listing: VersionListing
  readonly release: Release
  readonly notices: readonly Notice[]
}

/** The best candidate that is neither held nor still without its artifact; and those that were passed over for it. */
async function takeFirst(
  candidates: readonly VersionListing[],
  unlisted: Release | null,
  active: Release | null,
  { service, state, mayTryAgain, source, now, signal }: ChoiceRequest,
): Promise<{
  readonly taken: Taken | null
  readonly held: readonly Hold[]
  readonly waiting: readonly Waiting[]
}> {
  const holds = holdsOf(state, service.name)
  const held: Hold[] = []
  const waiting: Waiting[] = []
  for (const listing of candidates) {
    const found =
      listing.version === unlisted?.version
        ? { release: unlisted, notices: [] }
        : await resolveInGrace({ listing, service, source, active, now, signal })
    if ('endsAt' in found) {
      waiting.push(found)
      continue
    }
    const hold = holds.find(({ digest }) => digest === found.release.digest)
    // what runs is not deployed again by staying
    if (hold === undefined || mayTryAgain(hold) || hold.digest === active?.digest) {
      const moved = retagNotices(found.release, state?.services[service.name], source, service.name)
      const notices = [...listingNotices(listing, service.name), ...found.notices, ...moved]
      return { taken: { listing, release: found.release, notices }, held, waiting }
    }
    held.push(hold)
  }
  return { taken: null, held, waiting }
}

/** Nothing is to be had: what runs goes on where it may, and else it is said what stands in the way. */
function stay(
  active: Release | null,
  { candidates, passedOver }: VersionPick,
  found: {
    readonly held: readonly Hold[]
    readonly waiting: readonly Waiting[]
    readonly notices: readonly Notice[]
    readonly offered: readonly VersionListing[]
  },
  { service, now }: ChoiceRequest,
): Choice {
  const [first] = found.waiting
  if (active !== null && (first !== undefined || (candidates.length === 0 && passedOver.length > 0))) {
    const notices = [...found.notices, ...stayingNotices(passedOver, active.version, service, now)]
    return { release: active, reason: 'it is what runs, and there is nothing to replace it', notices }
  }
  if (first !== undefined) throw first.error
  throw candidates.length === 0
    ? nothingMatches(passedOver, found.offered, service, now)
    : allHeld(service, found.held)
}

function keepActive(release: Release, { service }: ChoiceRequest): Choice {
  return { release, reason: `it is what runs, and source "${service.source}" cannot be asked`, notices: [] }
}

async function choosePinned(pin: Pin, request: ChoiceRequest): Promise<Choice> {
  const { service, state, signal } = request
  const recorded = state?.services[service.name]
  const known = [recorded?.active, ...(recorded?.previous ?? [])].find(
    (deployed) => deployed?.release.digest === pin.digest,
  )
  const release = known?.release ?? (await request.source.resolve(pin.version, signal))
  const notice: Notice = {
    service: service.name,
    message: `${service.name} is pinned at ${showVersion(pin.version)} by ${pin.by}: ${pin.reason}`,
    hint: `deployctl unpin ${service.name}`,
  }
  return { release, reason: `it is pinned at ${showVersion(pin.version)}`, notices: [notice] }
}

function reasonFor(release: Release, policy: VersionPolicy): string {
  const version = showVersion(release.version)
  if (isExactVersion(policy.version, policy.scheme)) return `deploy.yaml asks for ${version}`
  return `${version} is ${policy.version.trim() === 'latest' ? 'the newest release' : `the newest release that matches ${policy.version}`}`
}

/** What the source says of a version: that it is deprecated, for one. */
function listingNotices({ version, notice }: VersionListing, service: string): readonly Notice[] {
  return notice === undefined ? [] : [{ service, message: `${service} ${showVersion(version)}: ${notice}` }]
}

function heldNotice(hold: Hold, service: string): Notice {
  const why = hold.cause === 'failed' ? `it failed: ${hold.reason}` : hold.reason
  return {
    service,
    message: `${service} ${showVersion(hold.version)} is held and passed over (${why})`,
    hint: `deployctl apply --service ${service} tries it again`,
  }
}

function allHeld(service: ServiceConfig, holds: readonly Hold[]): DeployError {
  const versions = [...new Set(holds.map((hold) => showVersion(hold.version)))].join(', ')
  return new DeployError(
    'RELEASE_HELD',
    `${service.name}: every release that matches ${service.policy.version} is held (${versions})`,
    {
      details: holds.map(
        (hold) => `${showVersion(hold.version)} since ${showRecorded(hold.at)} by ${hold.by}: ${hold.reason}`,
      ),
      hint: `\`deployctl apply --service ${service.name}\` tries it again once it is mended`,
    },
  )
}
