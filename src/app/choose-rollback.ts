/** Decides which earlier release a rollback goes to: from the record first, from the source only when it is not there. */
import { DeployError, reportOf } from '../base/deploy-error.js'
import type { Notice } from '../model/plan.js'
import { parseVersion, showVersion, type Release, type VersionListing } from '../model/release.js'
import type { Source } from '../model/source.js'
import type { RecordedService, RecordedState } from '../model/state.js'
import { isGood } from '../plan/retention.js'
import { offeredLine, type Choice } from './choose-release.js'

export interface RollbackChoiceRequest {
  readonly service: string
  readonly recorded: RecordedService
  /** The version asked for, or null for the previous good release. */
  readonly to: string | null
  /** Null when deploy.yaml no longer has the service's source. */
  readonly source: Source | null
  readonly signal: AbortSignal
}

export async function chooseRollback(request: RollbackChoiceRequest): Promise<Choice> {
  return request.to === null ? choosePrevious(request) : chooseVersion(parseVersion(request.to), request)
}

function choosePrevious({ service, recorded }: RollbackChoiceRequest): Choice {
  const good = recorded.previous.find((deployed) => isGood(deployed, recorded.holds))
  if (good !== undefined) return choice(good.release, 'the release before it served well', [])
  throw new DeployError('RELEASE_UNKNOWN', `${service}: there is no earlier good release to roll back to`, {
    details: [`${showVersion(recorded.active.release.version)} serves; ${recordedLine(recorded)}`],
    hint: 'name one: `deployctl rollback --to VERSION` (`deployctl releases` lists them)',
  })
}

async function chooseVersion(version: string, request: RollbackChoiceRequest): Promise<Choice> {
  const { service, recorded, source, signal } = request
  const known = [recorded.active, ...recorded.previous].find(
    (deployed) => deployed.release.version === version,
  )
  if (known !== undefined)
    return choice(known.release, `a rollback to ${showVersion(version)} was asked for`, [])
  const offered = await offers(source, signal)
  if (source !== null && offered.versions.some((listing) => listing.version === version)) {
    const release = await source.resolve(version, signal)
    const message = `${service} ${showVersion(version)} is not among the releases kept here; it comes from source "${release.source}"`
    return choice(release, `a rollback to ${showVersion(version)} was asked for`, [{ service, message }])
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
  signal: AbortSignal,
): Promise<{ readonly versions: readonly VersionListing[]; readonly line: string }> {
  if (source === null) return { versions: [], line: 'its source is no longer in deploy.yaml' }
  try {
    const versions = await source.versions(signal)
    return { versions, line: `as for the source, ${offeredLine(versions)}` }
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
