/**
 * Which releases stay on the target and in the record. Pure.
 *
 * Never removed: the active release, the previous good one, a pinned one. Failed releases are discarded by the unwind and
 * so never count. Releases that were rolled back stay as long as the window has room, and never push a good one out.
 */
import type { Deployed, Hold } from '../model/state.js'

/** A release is good when nobody and nothing has said otherwise. */
export function isGood(deployed: Deployed, holds: readonly { readonly digest: string }[]): boolean {
  return !holds.some((hold) => hold.digest === deployed.release.digest)
}

/** The earlier releases to keep, newest first: at most `keepReleases - 1` beside the active one, but the best always. */
export function retain(
  previous: readonly Deployed[],
  holds: readonly Pick<Hold, 'digest'>[],
  pinned: string | null,
  keepReleases: number,
): readonly Deployed[] {
  const room = Math.max(keepReleases - 1, 1)
  const good = previous.filter((deployed) => isGood(deployed, holds)).slice(0, room)
  const kept = new Set<Deployed>(good)
  for (const deployed of previous) {
    if (deployed.release.digest === pinned) kept.add(deployed)
    else if (kept.size < room && !isGood(deployed, holds)) kept.add(deployed)
  }
  return previous.filter((deployed) => kept.has(deployed))
}

/** What becomes of the record's earlier releases when `active` is replaced by a release with `nextDigest`. */
export function demote(
  active: Deployed | null,
  previous: readonly Deployed[],
  nextDigest: string,
): readonly Deployed[] {
  const all = active === null ? previous : [active, ...previous]
  const seen = new Set([nextDigest])
  return all.filter(({ release }) => {
    if (seen.has(release.digest)) return false
    seen.add(release.digest)
    return true
  })
}
