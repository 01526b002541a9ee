/** The answer of `git ls-remote --tags`, read into versions and their commits. Pure. */
import type { VersionReader } from '../version-pattern.js'

export interface GitTag {
  readonly tag: string
  readonly version: string
  /** The commit itself, also where the tag is annotated (a tag object that points at it). */
  readonly commit: string
}

/** Every tag that fits the pattern; of two for one version (`1.0.0`, `v1.0.0`) only one, when both are at one commit. */
export function readTags(lines: readonly string[], versionOf: VersionReader): readonly GitTag[] {
  const commits = new Map<string, string>()
  for (const line of lines) {
    const match = /^([0-9a-f]{40,64})\trefs\/tags\/(.+?)(\^\{\})?$/.exec(line)
    const [, commit, tag, peeled] = match ?? []
    if (commit === undefined || tag === undefined) continue
    // an annotated tag comes twice: as the tag object, then peeled to its commit, which counts
    if (peeled !== undefined || !commits.has(tag)) commits.set(tag, commit)
  }
  const tags = new Map<string, GitTag>()
  for (const [tag, commit] of commits) {
    const version = versionOf(tag)
    if (version !== null) tags.set(`${version} ${commit}`, { tag, version, commit })
  }
  return [...tags.values()]
}
