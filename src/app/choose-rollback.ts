/** Decides which earlier release a rollback goes to: from the record first, from the source only when it is not there. */
import { DeployError, reportOf } from '../base/deploy-error.js'
import type { VersionPolicy } from '../model/config.js'
import type { Notice } from '../model/plan.js'
import { parseVersion, showVersion, type Release, type VersionListing } from '../model/release.js'
import type { Source } from '../model/source.js'
import type { RecordedService, RecordedState } from '../model/state.js'
import { isDenied } from '../model/version.js'
import { isGood } from '../plan/retention.js'
import type { Choice } from './choose-release.js'
import { offeredLine } from './passed-over.js'

export interface RollbackChoiceRequest {
  readonly service: string
  readonly recorded: RecordedService
  readonly policy: VersionPolicy
  /** The version asked for, or null for the previous good release. */
  readonly to: string | null
  /** Null when deploy.yaml no longer has the service's source. */
  readonly source: Source | null
  readonly signal: AbortSignal
}

export async function chooseRollback(request: RollbackChoiceRequest): Promise<Choice> {
  return request.to === null ? choosePrevious(request) : chooseVersion(parseVersion(request.to), request)
}

/** The newest that served well; one that deploy.yaml has come to deny is passed over, and that is told. */
function choosePrevious({ service, recorded, policy }: RollbackChoiceRequest): Choice {
  const good = recorded.previous.filter((deployed) => isGood(deployed, recorded.holds))
  const index = good.findIndex(({ release }) => !isDenied(release.version, policy))
  const denied = good.slice(0, index === -1 ? good.length : index).map(({ release }) => release.version)
  const chosen = good[index]
  if (chosen !== undefined) {
    const notices = denied.map((version) => deniedNotice(service, version, 'is denied and passed over'))
    return choice(chosen.release, 'the release before it served well', notices)
  }
  throw new DeployError('RELEASE_UNKNOWN', `${service}: there is no earlier good release to roll back to`, {
    details: [
      `${showVersion(recorded.active.release.version)} serves; ${recordedLine(recorded)}`,
      ...denied.map((version) => `${showVersion(version)} is denied by deploy.yaml`),
    ],
    hint: 'name one: `deployctl rollback --to VERSION` (`deployctl releases` lists them)',
  })
}

async function chooseVersion(version: string, request: RollbackChoiceRequest): Promise<Choice> {
  const { service, recorded, policy, source, signal } = request
  const reason = `a rollback to ${showVersion(version)} was asked for`
  // a person who names a version means it: deny is for what is chosen by itself
  const denied = isDenied(version, policy)
    ? [deniedNotice(service, version, 'is denied by deploy.yaml, and was asked for all the same')]
    : []
  const known = [recorded.active, ...recorded.previous].find(
    (deployed) => deployed.release.version === version,
  )
  if (known !== undefined) return choice(known.release, reason, denied)
  const offered = await offers(source, policy, signal)
  if (source !== null && offered.versions.some((listing) => listing.version === version)) {
    const release = await source.resolve(version, signal)
    const message = `${service} ${showVersion(version)} is not among the releases kept here; it comes from source "${release.source}"`
    return choice(release, reason, [...denied, { service, message }])
  }
  throw new DeployError(
    'RELEASE_UNKNOWN',
    `${service}: there is no release ${showVersion(version)} to roll back to`,
    {
      details: [recordedLine(recorded), offered.line],
      hint: `deployctl releases ${service}`,
    },
  )
}

async function offers(
  source: Source | null,
  { scheme }: VersionPolicy,
  signal: AbortSignal,
): Promise<{ readonly versions: readonly VersionListing[]; readonly line: string }> {
  if (source === null) return { versions: [], line: 'its source is no longer in deploy.yaml' }
  try {
    const versions = await source.versions(signal)
    return { versions, line: `as for the source, ${offeredLine(versions, scheme)}` }
  } catch (error) {
    return { versions: [], line: `the source could not be asked: ${reportOf(error).message}` }
  }
}

function recordedLine(recorded: RecordedService): string {
  const kept = recorded.previous.map((deployed) => {
    const held = isGood(deployed, recorded.holds) ? '' : ' (held)'
    return `${showVersion(deployed.release.version)}${held}`
  })
  return kept.length === 0 ? 'no earlier release is kept here' : `kept here: ${kept.join(', ')}`
}

function deniedNotice(service: string, version: string, how: string): Notice {
  return { service, message: `${service} ${showVersion(version)} ${how}` }
}

function choice(release: Release, reason: string, notices: readonly Notice[]): Choice {
  return { release, reason, notices }
}

/** Without `--service`, a rollback is only clear when there is one service it can mean. */
export function rollbackServices(named: readonly string[], state: RecordedState | null): readonly string[] {
  const recorded = Object.keys(state?.services ?? {}).sort()
  if (recorded.length === 0) {
    throw new DeployError(
      'RELEASE_UNKNOWN',
      'nothing has been deployed here yet, so there is nothing to roll back',
      {
        hint: 'deployctl apply',
      },
    )
  }
  if (named.length > 0) return named
  if (recorded.length === 1) return recorded
  throw new DeployError('USAGE', `which service is to be rolled back? There are ${recorded.join(', ')}`, {
    hint: `name one or more, for example: deployctl rollback --service ${recorded[0] ?? 'NAME'}`,
  })
}
