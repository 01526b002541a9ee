/** What is said of versions that a policy passes over: which rule it was, how long still, and what to do about it. */
import { DeployError } from '../base/deploy-error.js'
import { formatDuration } from '../base/duration.js'
import { showMoment } from '../base/moment.js'
import type { ServiceConfig } from '../model/config.js'
import type { Notice } from '../model/plan.js'
import { showVersion, type VersionListing } from '../model/release.js'
import { compareVersions, describePolicy, fitsScheme, type PassedOver } from '../model/version.js'

const shown = 4

/** New releases that would have been taken had they been older: one line, however many they are. */
export function waitingForAge(
  passedOver: readonly PassedOver[],
  taken: string,
  service: ServiceConfig,
  now: Date,
): readonly Notice[] {
  const [newest, ...others] = passedOver.filter(
    ({ rule, listing }) =>
      isOfAge(rule) && compareVersions(listing.version, taken, service.policy.scheme) > 0,
  )
  if (newest === undefined) return []
  const waiting = others.length === 1 ? '1 more waits' : `${others.length} more wait`
  const more = others.length === 0 ? '' : `; ${waiting} as well`
  const message = `${service.name} ${showVersion(newest.listing.version)} is passed over: it ${why(newest, service, now)}${more}`
  return [{ service: service.name, message }]
}

/** Why what runs stays. That it is itself too young to be taken now is nothing to tell: it has been taken. */
export function stayingNotices(
  passedOver: readonly PassedOver[],
  running: string,
  service: ServiceConfig,
  now: Date,
): readonly Notice[] {
  const isAdmitted = passedOver.some(({ rule, listing }) => listing.version === running && isOfAge(rule))
  if (isAdmitted) return waitingForAge(passedOver, running, service, now)
  if (passedOver.length === 0) return []
  const message = `${service.name} stays at ${showVersion(running)}: ${sentences(passedOver, service, now).join('; ')}`
  const hint = passedOver.some(({ rule }) => rule === 'older')
    ? { hint: 'allowDowngrade: true, or an exact version:, leads to an older one' }
    : {}
  return [{ service: service.name, message, ...hint }]
}

/** There is nothing to deploy, and nothing runs that could stay. */
export function nothingMatches(
  passedOver: readonly PassedOver[],
  offered: readonly VersionListing[],
  service: ServiceConfig,
  now: Date,
): DeployError {
  const { scheme } = service.policy
  const strange = scheme === 'semver' ? [] : offered.filter(({ version }) => !fitsScheme(version, scheme))
  return new DeployError(
    'VERSION_NOT_FOUND',
    `${service.name}: source "${service.source}" does not have ${describePolicy(service.policy)}${passedOver.length === 0 ? '' : ' that may be deployed'}`,
    {
      details: [
        ...sentences(passedOver, service, now),
        offeredLine(offered, scheme),
        ...(strange.length === 0 ? [] : [`not of the scheme ${scheme}: ${listed(strange)}`]),
      ],
      hint:
        offered.length === 0
          ? `publish a release to source "${service.source}"`
          : hintFor(passedOver, service),
    },
  )
}

function hintFor(passedOver: readonly PassedOver[], { policy }: ServiceConfig): string {
  const newest = passedOver.find(({ rule }) => rule !== 'prerelease')?.rule
  if (newest === 'denied') return 'publish another, or take it off `deny` in deploy.yaml'
  if (newest === 'young') return 'wait, or set a shorter `minAge` on the service'
  if (newest === 'undated')
    return 'set `minAge: 0` on the service, or use a source that says when its releases were published'
  return policy.prerelease === false
    ? 'change `version`, or set `prerelease: true` if only prereleases match'
    : 'publish one, or change `version` in deploy.yaml'
}

/** `v1.4.0 is denied`, for a few, and how many more. */
function sentences(passedOver: readonly PassedOver[], service: ServiceConfig, now: Date): readonly string[] {
  const told = passedOver
    .slice(0, shown)
    .map((one) => `${showVersion(one.listing.version)} ${why(one, service, now)}`)
  const more = passedOver.length - told.length
  return more === 0 ? told : [...told, `${more} more are passed over`]
}

function why(passed: PassedOver, { policy }: ServiceConfig, now: Date): string {
  const minAge = `minAge ${formatDuration(policy.minAgeMs)}`
  switch (passed.rule) {
    case 'denied':
      return 'is denied'
    case 'older':
      return 'is older than what runs'
    case 'prerelease':
      return typeof policy.prerelease === 'string'
        ? `is a prerelease that is not of the channel ${policy.prerelease}`
        : 'is a prerelease'
    case 'undated':
      return `has no publication time, which ${minAge} goes by`
    case 'young': {
      const leftMs = passed.readyAt.getTime() - now.getTime()
      return `is younger than ${minAge}, for ${formatDuration(leftMs)} more, until ${showMoment(passed.readyAt)}`
    }
  }
}

function isOfAge(rule: PassedOver['rule']): boolean {
  return rule === 'young' || rule === 'undated'
}

/** What there is, newest first where that can be told; a few, and how many more. */
export function offeredLine(offered: readonly VersionListing[], scheme: string): string {
  if (offered.length === 0) return 'it offers no versions at all'
  const newest = [...offered].sort((a, b) => compareVersions(b.version, a.version, scheme))
  return `it offers ${listed(newest)}`
}

function listed(listings: readonly VersionListing[]): string {
  const names = [...new Set(listings.map(({ version }) => showVersion(version)))]
  return `${names.slice(0, 8).join(', ')}${names.length > 8 ? ` and ${names.length - 8} more` : ''}`
}
