/** Semantic versions, read, ordered and matched as node-semver does. */
import parse from 'semver/functions/parse.js'
import compareBuild from 'semver/functions/compare-build.js'
import Range from 'semver/classes/range.js'
import type { SemVer } from 'semver'
import type { VersionScheme } from './version-scheme.js'

/** Thousands of services ask for the same few ranges and versions, and reading one costs more than all that is asked of it. */
const known = new Map<string, ((version: SemVer) => boolean) | null>()
const knownVersions = new Map<string, SemVer | null>()
const mostKnown = 256

export const semver: VersionScheme<SemVer> = {
  read(text) {
    const before = knownVersions.get(text)
    if (before !== undefined) return before
    if (knownVersions.size >= mostKnown) knownVersions.clear()
    const version = parse(text)
    knownVersions.set(text, version)
    return version
  },
  compare: (a, b) => compareBuild(a, b),
  prereleaseOf: (version) => version.prerelease.map(String),
  range(text, includePrerelease) {
    const key = `${includePrerelease} ${text}`
    const before = known.get(key)
    if (before !== undefined) return before
    if (known.size >= mostKnown) known.clear()
    const range = readRange(text, includePrerelease)
    known.set(key, range)
    return range
  },
}

function readRange(text: string, includePrerelease: boolean): ((version: SemVer) => boolean) | null {
  // ranges ignore build metadata, and a person who writes it does not: only that very text will do
  if ((parse(text)?.build.length ?? 0) > 0) return null
  try {
    const range = new Range(text, { includePrerelease })
    return (version) => range.test(version)
  } catch {
    return null
  }
}
