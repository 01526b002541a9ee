/** Semantic versions, read, ordered and matched as node-semver does. */
import parse from 'semver/functions/parse.js'
import compareBuild from 'semver/functions/compare-build.js'
import Range from 'semver/classes/range.js'
import type { SemVer } from 'semver'
import type { VersionScheme } from './version-scheme.js'

export const semver: VersionScheme<SemVer> = {
  read: (text) => parse(text),
  compare: (a, b) => compareBuild(a, b),
  prereleaseOf: (version) => version.prerelease.map(String),
  range(text, includePrerelease) {
    // ranges ignore build metadata, and a person who writes it does not: only that very text will do
    if ((parse(text)?.build.length ?? 0) > 0) return null
    try {
      const range = new Range(text, { includePrerelease })
      return (version) => range.test(version)
    } catch {
      return null
    }
  },
}
