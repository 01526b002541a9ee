/** Decides which release a service should run, by its policy, its pin and its holds, asking its source as little as needed. */
import { DeployError } from '../base/deploy-error.js'
import type { ServiceConfig, VersionPolicy } from '../model/config.js'
import type { Notice } from '../model/plan.js'
import { showVersion, type Release, type VersionListing } from '../model/release.js'
import type { Source } from '../model/source.js'
import { holdsOf, type Hold, type Pin, type RecordedState } from '../model/state.js'
import { describePolicy, isExactVersion, pickVersion } from '../model/version.js'

export interface Choice {
  readonly release: Release
  /** Why it is this one, for a service that changes. */
  readonly reason: string
  readonly notices: readonly Notice[]
}

export interface ChoiceRequest {
  readonly service: ServiceConfig
  readonly state: RecordedState | null
  /** A person named the service: a held release may be tried again. */
  readonly retryHeld: boolean
  readonly source: Source
  readonly signal: AbortSignal
}

export async function chooseRelease(request: ChoiceRequest): Promise<Choice> {
  const { service, state } = request
  const recorded = state?.services[service.name]
  if (recorded?.pin) return choosePinned(recorded.pin, request)
  const active = recorded?.active.release ?? null
  const offered = await request.source.versions(request.signal)
  const withActive =
    active === null || offered.some(({ version }) => version === active.version)
      ? offered
      : [...offered, active]
  const candidates = pickVersion(withActive, service.policy)
  if (candidates.length === 0) throw nothingMatches(service, offered)

  const holds = holdsOf(state, service.name)
  const passed: Hold[] = []
  for (const candidate of candidates) {
    const listed = offered.some(({ version }) => version === candidate.version)
    const release =
      listed || active === null ? await request.source.resolve(candidate.version, request.signal) : active
    const hold = holds.find((held) => held.digest === release.digest)
    if (hold === undefined || request.retryHeld) {
      return {
        release,
        reason: reasonFor(release, service.policy),
        notices: [
          ...passed.map((one) => heldNotice(one, service.name)),
          ...listingNotices(candidate, service.name),
        ],
      }
    }
    passed.push(hold)
  }
  throw allHeld(service, passed)
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
  if (isExactVersion(policy.version)) return `deploy.yaml asks for ${version}`
  return `${version} is the newest release that matches ${policy.version}`
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

function nothingMatches(service: ServiceConfig, offered: readonly VersionListing[]): DeployError {
  return new DeployError(
    'VERSION_NOT_FOUND',
    `${service.name}: source "${service.source}" does not have ${describePolicy(service.policy)}`,
    {
      details: [offeredLine(offered)],
      hint: service.policy.prerelease
        ? 'publish one, or change `version` in deploy.yaml'
        : 'change `version`, or set `prerelease: true` if only prereleases match',
    },
  )
}

/** What there is, newest first where that can be told; a few, and how many more. */
export function offeredLine(offered: readonly VersionListing[]): string {
  if (offered.length === 0) return 'it offers no versions at all'
  const newest = pickVersion(offered, { version: '*', prerelease: true })
  const names = [...new Set([...newest, ...offered].map(({ version }) => showVersion(version)))]
  const shown = names.slice(0, 8).join(', ')
  return `it offers ${shown}${names.length > 8 ? ` and ${names.length - 8} more` : ''}`
}

function allHeld(service: ServiceConfig, holds: readonly Hold[]): DeployError {
  const versions = [...new Set(holds.map((hold) => showVersion(hold.version)))].join(', ')
  return new DeployError(
    'RELEASE_HELD',
    `${service.name}: every release that matches ${service.policy.version} is held (${versions})`,
    {
      details: holds.map(
        (hold) => `${showVersion(hold.version)} since ${hold.at} by ${hold.by}: ${hold.reason}`,
      ),
      hint: `\`deployctl apply --service ${service.name}\` tries it again once it is mended`,
    },
  )
}
