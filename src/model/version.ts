/**
 * Version choice: which of a source's versions a service may have, best first, and why it may not have the others.
 *
 * The order of the scheme decides (semver, or a calendar format); dates and the order of a list never do. A version
 * that does not fit the scheme has no place in that order, so it is deployed only when it is named exactly. Pure, and
 * a file of its own because the planner, the sources' messages and the `releases` command all ask the same questions.
 */
import { calver } from './calver.js'
import { readFormat } from './calver-format.js'
import type { VersionPolicy } from './config.js'
import { compareNaturally, compareText } from './natural-order.js'
import { parseVersion, showVersion, type VersionListing } from './release.js'
import { semver } from './semver.js'
import type { VersionScheme } from './version-scheme.js'

/** What a policy is judged by, beside what is on offer. */
export interface Circumstances {
  readonly now: Date
  /** The version that runs; null when there is none. */
  readonly running: string | null
}

/** A version that matches `version:`, and what keeps it from being deployed all the same. */
export type PassedOver = { readonly listing: VersionListing } & (
  | { readonly rule: 'denied' | 'prerelease' | 'undated' | 'older' }
  | { readonly rule: 'young'; readonly readyAt: Date }
)

export interface VersionPick {
  /** Best first. */
  readonly candidates: readonly VersionListing[]
  /** Newest first. */
  readonly passedOver: readonly PassedOver[]
}

export function pickVersion(
  listings: readonly VersionListing[],
  policy: VersionPolicy,
  circumstances: Circumstances,
): VersionPick {
  return inScheme(policy.scheme, (scheme) => pick(scheme, listings, policy, circumstances))
}

/** A listing beside what the scheme makes of it, so that each is read once. */
interface Candidate<V> {
  readonly listing: VersionListing
  readonly version: V | null
  /** It is the very text that `version:` asks for. */
  readonly isNamed: boolean
}

function pick<V>(
  scheme: VersionScheme<V>,
  listings: readonly VersionListing[],
  policy: VersionPolicy,
  circumstances: Circumstances,
): VersionPick {
  const wanted = listings
    .map((listing) => candidateOf(scheme, listing, policy.version))
    .filter(wantedBy(scheme, policy))
    .sort((a, b) => bestFirst(scheme, a, b))
  const refuse = rulesOf(scheme, policy, circumstances)
  const judged = wanted.map((candidate) => ({ candidate, passedOver: refuse(candidate) }))
  return {
    candidates: judged.flatMap(({ candidate, passedOver }) =>
      passedOver === null ? [candidate.listing] : [],
    ),
    passedOver: judged.flatMap(({ passedOver }) => passedOver ?? []),
  }
}

function candidateOf<V>(scheme: VersionScheme<V>, listing: VersionListing, wanted: string): Candidate<V> {
  const name = parseVersion(wanted.trim())
  const isNamed = name === 'latest' ? listing.moving === true : parseVersion(listing.version) === name
  return { listing, version: scheme.read(listing.version), isNamed }
}

/** What was named comes first, whatever it is; then the newest. Build metadata and at last the text break ties. */
function bestFirst<V>(scheme: VersionScheme<V>, a: Candidate<V>, b: Candidate<V>): number {
  if (a.isNamed || b.isNamed) return Number(b.isNamed) - Number(a.isNamed)
  const order = a.version === null || b.version === null ? 0 : scheme.compare(b.version, a.version)
  return order || compareText(b.listing.version, a.listing.version)
}

type Test<V> = (candidate: Candidate<V>) => boolean

/** What `version:` is about. Prereleases are part of it even if they do not count: that is for a rule to say. */
function wantedBy<V>(scheme: VersionScheme<V>, { version: text, prerelease }: VersionPolicy): Test<V> {
  const isWithPrereleases = rangeOf(scheme, text, true)
  const isWithout = prerelease === false ? rangeOf(scheme, text, false) : isWithPrereleases
  return ({ version, isNamed }) =>
    isNamed || (version !== null && (isWithPrereleases(version) || isWithout(version)))
}

/** The range that `version:` stands for; an exact version that no range can be read from is found by its name alone. */
function rangeOf<V>(
  scheme: VersionScheme<V>,
  text: string,
  includePrerelease: boolean,
): (version: V) => boolean {
  const wanted = parseVersion(text.trim())
  return scheme.range(wanted === 'latest' ? '*' : wanted, includePrerelease) ?? (() => false)
}

/** What keeps a version that is wanted from being deployed; the first rule that does is told. */
function rulesOf<V>(
  scheme: VersionScheme<V>,
  policy: VersionPolicy,
  { now, running }: Circumstances,
): (candidate: Candidate<V>) => PassedOver | null {
  const isDenied = deniedBy(scheme, policy.deny)
  const isReleased = releasedFor(scheme, policy)
  const isOlder = olderThan(scheme, policy, running)
  return (candidate) => {
    const { listing } = candidate
    if (isDenied(candidate)) return { listing, rule: 'denied' }
    if (!isReleased(candidate)) return { listing, rule: 'prerelease' }
    if (isOlder(candidate)) return { listing, rule: 'older' }
    if (policy.minAgeMs === 0) return null
    const publishedMs = Date.parse(listing.publishedAt ?? '')
    if (Number.isNaN(publishedMs)) return { listing, rule: 'undated' }
    const readyAt = new Date(publishedMs + policy.minAgeMs)
    return now < readyAt ? { listing, rule: 'young', readyAt } : null
  }
}

function deniedBy<V>(scheme: VersionScheme<V>, deny: readonly string[]): Test<V> {
  const tests = deny.map((text): Test<V> => {
    const denied = parseVersion(text.trim())
    const isInRange = scheme.range(denied, true)
    return ({ listing, version }) =>
      parseVersion(listing.version) === denied || (version !== null && isInRange?.(version) === true)
  })
  return (candidate) => tests.some((isDenied) => isDenied(candidate))
}

/** Whether deploy.yaml denies a version, whatever else it says. */
export function isDenied(version: string, { scheme, deny }: Pick<VersionPolicy, 'scheme' | 'deny'>): boolean {
  return inScheme(scheme, (ways) => deniedBy(ways, deny)(candidateOf(ways, { version }, version)))
}

/**
 * Whether a version counts in spite of being a prerelease, or is none. One that its publisher calls a prerelease is
 * one, even if its version looks stable; it belongs to no channel. Whatever is named exactly counts.
 */
function releasedFor<V>(scheme: VersionScheme<V>, { version: text, prerelease }: VersionPolicy): Test<V> {
  if (prerelease === true) return () => true
  // such as ^2.0.0-rc.1, which asks for prereleases of 2.0.0 by itself
  const isInRange = rangeOf(scheme, text, false)
  return ({ listing, version, isNamed }) => {
    if (isNamed || version === null) return true
    const [channel] = scheme.prereleaseOf(version)
    if (channel === undefined && listing.prerelease === true) return false
    if (prerelease === false) return isInRange(version)
    return channel === undefined || isOfChannel(channel, prerelease)
  }
}

/** `beta`, `beta2` and `beta-2` are of the channel beta. */
function isOfChannel(identifier: string, channel: string): boolean {
  return identifier === channel || identifier.replace(/-?[0-9]+$/, '') === channel
}

/** A range or `latest` never leads below what runs, unless that is allowed; an exact version leads where it says. */
function olderThan<V>(scheme: VersionScheme<V>, policy: VersionPolicy, running: string | null): Test<V> {
  const current = running === null ? null : scheme.read(running)
  if (policy.allowDowngrade || current === null || isExactVersion(policy.version, policy.scheme))
    return () => false
  return ({ version, listing }) =>
    version !== null && listing.version !== running && scheme.compare(version, current) < 0
}

/**
 * The order of versions, oldest first: versions that do not fit the scheme come before all others, by the numbers in
 * them; build metadata, and at last the text itself, break ties, so that the order is the same everywhere.
 */
export function compareVersions(a: string, b: string, scheme = 'semver'): number {
  return inScheme(scheme, ({ read, compare }) => {
    const [left, right] = [read(a), read(b)]
    if (left === null || right === null) {
      return Number(left !== null) - Number(right !== null) || compareNaturally(a, b)
    }
    return compare(left, right) || compareText(a, b)
  })
}

/** Whether a version is one of the scheme. */
export function fitsScheme(version: string, scheme: string): boolean {
  return inScheme(scheme, ({ read }) => read(version) !== null)
}

/** Why a text is no scheme, in words; null when it is one. */
export function schemeProblem(scheme: string): string | null {
  const format = scheme === 'semver' ? null : readFormat(scheme)
  return typeof format === 'string' ? format : null
}

/** Whether a policy's text names one version and not a range or `latest`. */
export function isExactVersion(text: string, scheme: string): boolean {
  const version = parseVersion(text.trim())
  if (version === 'latest') return false
  return inScheme(scheme, ({ read, range }) => read(version) !== null || range(version, false) === null)
}

/** Whether a policy's text can mean something: `latest`, a range, or a version that some source might offer. */
export function isPolicyText(text: string, scheme: string): boolean {
  const wanted = parseVersion(text.trim())
  if (wanted === 'latest') return true
  return wanted !== '' && (isRange(wanted, scheme) || /^(?=.*[0-9])[0-9A-Za-z][\w.+-]*$/.test(wanted))
}

function isRange(text: string, scheme: string): boolean {
  return inScheme(scheme, ({ range }) => range(text, false) !== null)
}

/** The policy in words, for messages: `a version that matches ^1.4, prereleases included`. */
export function describePolicy({ version, scheme, prerelease }: VersionPolicy): string {
  const wanted = version.trim()
  if (isExactVersion(wanted, scheme)) return `version ${showVersion(parseVersion(wanted))}`
  const also =
    prerelease === false
      ? ''
      : `, prereleases ${prerelease === true ? 'included' : `of ${prerelease} included`}`
  if (wanted === 'latest') return also === '' ? 'the newest stable version' : `the newest version${also}`
  return `a version that matches ${wanted}${also}`
}

/** Does something in a scheme by its name: `semver`, or a calendar format that validation has admitted. */
function inScheme<R>(name: string, work: <V>(scheme: VersionScheme<V>) => R): R {
  if (name === 'semver') return work(semver)
  const format = readFormat(name)
  if (typeof format === 'string') throw new Error(`validation let the scheme "${name}" through: ${format}`)
  return work(calver(format))
}
