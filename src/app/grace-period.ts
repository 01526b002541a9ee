/**
 * A version is often listed before its artifact has been uploaded. For the grace period of its source that is no error:
 * the version waits, and the next best or what runs is taken. After that a person has to know, because then something
 * is wrong with the release: what was asked for is not what would be deployed.
 */
import { DeployError } from '../base/deploy-error.js'
import { formatDuration } from '../base/duration.js'
import { showMoment } from '../base/moment.js'
import type { ServiceConfig } from '../model/config.js'
import type { Notice } from '../model/plan.js'
import { showVersion, type Release, type VersionListing } from '../model/release.js'
import type { Source } from '../model/source.js'

/** A version that is still without its artifact, within its grace period. */
export interface Waiting {
  readonly endsAt: Date
  /** For when there is nothing else to take. */
  readonly error: DeployError
  readonly notice: Notice
}

export interface GraceRequest {
  readonly listing: VersionListing
  readonly service: ServiceConfig
  readonly source: Source
  /** What runs: it needs no artifact to go on. */
  readonly active: Release | null
  readonly now: Date
  readonly signal: AbortSignal
}

export async function resolveInGrace(
  request: GraceRequest,
): Promise<{ readonly release: Release; readonly notices: readonly Notice[] } | Waiting> {
  const { listing, source, active, signal } = request
  try {
    return { release: await source.resolve(listing.version, signal), notices: [] }
  } catch (error) {
    if (!(error instanceof DeployError) || error.code !== 'ARTIFACT_MISSING') throw error
    if (listing.version === active?.version) return { release: active, notices: [goneNotice(request)] }
    return waitFor(error, request)
  }
}

function waitFor(error: DeployError, { listing, service, now }: GraceRequest): Waiting {
  const publishedMs = Date.parse(listing.publishedAt ?? '')
  if (Number.isNaN(publishedMs)) throw undated(error)
  const endsAt = new Date(publishedMs + service.gracePeriodMs)
  if (now >= endsAt) throw overdue(error, endsAt, new Date(publishedMs), listing, service, now)
  const leftMs = endsAt.getTime() - now.getTime()
  const message = `${service.name} ${showVersion(listing.version)} is passed over: its artifact is not there yet, and has ${formatDuration(leftMs)} more to come, until ${showMoment(endsAt)}`
  return { endsAt, error, notice: { service: service.name, message } }
}

function goneNotice({ listing, service }: GraceRequest): Notice {
  const message = `${service.name} ${showVersion(listing.version)} runs, but its artifact is no longer at its source`
  return { service: service.name, message }
}

function undated(error: DeployError): DeployError {
  const details = [
    ...error.details,
    'its source does not say when it was published, so there is no grace period',
  ]
  return new DeployError(error.code, error.message, {
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    details,
    cause: error,
  })
}

function overdue(
  error: DeployError,
  endsAt: Date,
  publishedAt: Date,
  { version }: VersionListing,
  { name, gracePeriodMs }: ServiceConfig,
  now: Date,
): DeployError {
  const agoMs = now.getTime() - publishedAt.getTime()
  return new DeployError(
    'ARTIFACT_MISSING',
    `${name} ${showVersion(version)} was published ${formatDuration(agoMs)} ago, and its artifact is still not there`,
    {
      details: [
        error.message,
        ...error.details,
        `published ${showMoment(publishedAt)}; its grace period of ${formatDuration(gracePeriodMs)} ended ${showMoment(endsAt)}`,
      ],
      hint: `Publish the artifact, or take the release back; to go on without it, add "${version}" to deny: in deploy.yaml.`,
      cause: error,
    },
  )
}
