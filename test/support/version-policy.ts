/** Version policies as deploy.yaml without a word about them has them, and what they pick at a moment long after any release. */
import type { VersionPolicy } from '../../src/model/config.js'
import type { VersionListing } from '../../src/model/release.js'
import { pickVersion } from '../../src/model/version.js'

export function policyOf(changes: Partial<VersionPolicy> = {}): VersionPolicy {
  return {
    version: 'latest',
    scheme: 'semver',
    prerelease: false,
    minAgeMs: 0,
    deny: [],
    allowDowngrade: false,
    ...changes,
  }
}

/** The versions that a policy admits where nothing runs, best first. */
export function pickedFrom(
  listings: readonly VersionListing[],
  changes: Partial<VersionPolicy>,
): readonly string[] {
  const circumstances = { now: new Date('2100-01-01T00:00:00Z'), running: null }
  return pickVersion(listings, policyOf(changes), circumstances).candidates.map(({ version }) => version)
}

export function bestVersion(
  listings: readonly VersionListing[],
  changes: Partial<VersionPolicy>,
): string | undefined {
  return pickedFrom(listings, changes)[0]
}
