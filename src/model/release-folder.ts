/**
 * The name of a release folder. It is computed by the planner and found again by the target, so it is a pure function
 * of its own: from content alone, never from the clock or a counter, so that staging twice finds the first one.
 */
import { digestOf, shortDigest, type Json } from '../base/hash.js'
import type { Release } from './release.js'

const longestVersion = 100

/**
 * `<version>-<8 hex digits>`. The digits are those of the release's own digest, so that people can match them, unless
 * `shapingOptions` (the target's options with effect `stage`) say that the folder holds something else than the
 * release as it comes: then they are of both together.
 */
export function releaseFolderName(release: Release, shapingOptions: Json): string {
  const digest = shapesNothing(shapingOptions)
    ? release.digest
    : digestOf({ release: release.digest, options: shapingOptions })
  return `${fileNameOf(release.version)}-${shortDigest(digest)}`
}

function shapesNothing(options: Json): boolean {
  if (options === null) return true
  return typeof options === 'object' && Object.keys(options).length === 0
}

/** A version with everything that is awkward in a file name replaced; never hidden, never `..`, never too long. */
function fileNameOf(version: string): string {
  const name = version
    .replace(/[^A-Za-z0-9._+~-]/g, '-')
    .replace(/^[.-]+/, '')
    .slice(0, longestVersion)
  return name === '' ? 'unnamed' : name
}
