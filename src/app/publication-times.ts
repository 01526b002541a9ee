/**
 * When versions were published, where a policy has to know: some sources (registries of images) say so of a single
 * version and not in their list. Asked from the newest down, and no further than the first that is old enough.
 */
import { DeployError } from '../base/deploy-error.js'
import type { VersionPolicy } from '../model/config.js'
import type { VersionListing } from '../model/release.js'
import type { Source } from '../model/source.js'
import { compareVersions, pickVersion, type Circumstances } from '../model/version.js'

/** Whoever publishes more within `minAge` waits until the oldest of so many has reached it. */
const mostLooks = 20

export async function withPublicationTimes(
  listings: readonly VersionListing[],
  policy: VersionPolicy,
  circumstances: Circumstances,
  source: Source,
  signal: AbortSignal,
): Promise<readonly VersionListing[]> {
  let dated = listings
  for (let look = 0; policy.minAgeMs > 0 && look < mostLooks; look++) {
    const next = nextToLookAt(dated, policy, circumstances)
    const publishedAt = next === null ? undefined : await publicationOf(next, source, signal)
    if (publishedAt === undefined) return dated
    dated = dated.map((one) => (one.version === next ? { ...one, publishedAt } : one))
  }
  return dated
}

/** The newest version whose age would decide what is taken; what runs is taken already. */
function nextToLookAt(
  listings: readonly VersionListing[],
  policy: VersionPolicy,
  circumstances: Circumstances,
): string | null {
  const { candidates, passedOver } = pickVersion(listings, policy, circumstances)
  const next = passedOver.find(({ rule }) => rule === 'undated')?.listing.version ?? null
  const [best] = candidates
  if (next === null || next === circumstances.running) return null
  return best !== undefined && compareVersions(best.version, next, policy.scheme) > 0 ? null : next
}

async function publicationOf(
  version: string,
  source: Source,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    return (await source.resolve(version, signal)).publishedAt
  } catch (error) {
    if (error instanceof DeployError && error.code === 'ARTIFACT_MISSING') return undefined
    throw error
  }
}
