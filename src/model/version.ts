/**
 * Version choice: which of a source's versions a service may have, best first.
 *
 * Semver order decides, as node-semver has it; dates and the order of a list never do. A version that is not semver
 * has no place in that order, so it is deployed only when it is named exactly. Pure, and a file of its own because
 * the planner, the sources' messages and the `releases` command all ask the same questions.
 */
import parseSemver from 'semver/functions/parse.js'
import compareBuild from 'semver/functions/compare-build.js'
import Range from 'semver/classes/range.js'
import type { SemVer } from 'semver'
import { parseVersion, showVersion, type VersionListing } from './release.js'
import type { VersionPolicy } from './config.js'

/** A listing beside its parsed version, so that each is parsed once. */
interface Candidate {
  readonly listing: VersionListing
  readonly semver: SemVer
}

/** Every version that the policy admits, best first; empty when there is none. */
export function pickVersion(
  listings: readonly VersionListing[],
  policy: VersionPolicy,
): readonly VersionListing[] {
  const wanted = parseVersion(policy.version.trim())
  if (wanted === 'latest') {
    return newestFirst(
      candidatesOf(listings).filter((one) => policy.prerelease || (isStable(one.semver) && !isFlagged(one))),
    )
  }
  const named = listings.filter((listing) => parseVersion(listing.version) === wanted)
  const range = rangeOf(wanted, policy.prerelease)
  if (range === null) return named
  const admitted = candidatesOf(listings).filter(({ listing, semver }) => {
    if (named.includes(listing) || !range.test(semver)) return false
    return policy.prerelease || !isFlagged({ listing, semver })
  })
  return [...named, ...newestFirst(admitted)]
}

/**
 * The order of versions, oldest first: versions that are not semver come before all others, by the numbers in them;
 * build metadata, and at last the text itself, break ties, so that the order is the same everywhere.
 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [parseSemver(a), parseSemver(b)]
  if (left === null || right === null) {
    return Number(left !== null) - Number(right !== null) || compareNaturally(a, b)
  }
  return compareBuild(left, right) || compareText(a, b)
}

/** Whether a policy's text names one version and not a range or `latest`. */
export function isExactVersion(text: string): boolean {
  const version = parseVersion(text.trim())
  if (version === 'latest') return false
  return parseSemver(version) !== null || rangeOf(version, false) === null
}

/** Whether a policy's text can mean something: `latest`, a range, or a version that some source might offer. */
export function isPolicyText(text: string): boolean {
  const wanted = parseVersion(text.trim())
  if (wanted === '') return false
  return (
    wanted === 'latest' || rangeOf(wanted, false) !== null || /^(?=.*[0-9])[0-9A-Za-z][\w.+-]*$/.test(wanted)
  )
}

/** The policy in words, for messages: `any version that matches ^1.4, prereleases included`. */
export function describePolicy(policy: VersionPolicy): string {
  const wanted = policy.version.trim()
  if (isExactVersion(wanted)) return `version ${showVersion(parseVersion(wanted))}`
  if (wanted === 'latest')
    return policy.prerelease ? 'the newest version, prereleases included' : 'the newest stable version'
  return `a version that matches ${wanted}${policy.prerelease ? ', prereleases included' : ''}`
}

/**
 * The range a policy's text stands for, or null when only that very text will do: it is no range, or it names build
 * metadata, which ranges ignore and a person who writes it does not.
 */
function rangeOf(wanted: string, includePrerelease: boolean): Range | null {
  if ((parseSemver(wanted)?.build.length ?? 0) > 0) return null
  try {
    return new Range(wanted, { includePrerelease })
  } catch {
    return null
  }
}

function candidatesOf(listings: readonly VersionListing[]): readonly Candidate[] {
  return listings.flatMap((listing) => {
    const semver = parseSemver(listing.version)
    return semver === null ? [] : [{ listing, semver }]
  })
}

function newestFirst(candidates: readonly Candidate[]): readonly VersionListing[] {
  return [...candidates]
    .sort((a, b) => compareBuild(b.semver, a.semver) || compareText(b.listing.version, a.listing.version))
    .map(({ listing }) => listing)
}

/** A version that looks stable, of a release that its publisher says is none. Of any other, the version itself speaks. */
function isFlagged({ listing, semver }: Candidate): boolean {
  return listing.prerelease === true && isStable(semver)
}

function isStable(version: SemVer): boolean {
  return version.prerelease.length === 0
}

/** `build-9` before `build-10`: digits by value, everything else by code point. */
function compareNaturally(a: string, b: string): number {
  const [left, right] = [a.match(/\d+|\D+/g) ?? [], b.match(/\d+|\D+/g) ?? []]
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const [x, y] = [left[index] ?? '', right[index] ?? '']
    const order = /^\d/.test(x) && /^\d/.test(y) ? compareText(padded(x), padded(y)) : compareText(x, y)
    if (order !== 0) return order
  }
  return left.length - right.length || compareText(a, b)
}

/** Digits as text that sorts by value, however long the number is. */
function padded(digits: string): string {
  const significant = digits.replace(/^0+(?=\d)/, '')
  return `${String(significant.length).padStart(8, '0')}:${significant}`
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
