/**
 * How releases are laid out in a bucket: which keys are releases, of which version, and what lies beside one of them.
 * Pure, and apart from the clients because a bucket is a bucket, whoever runs it.
 */
import path from 'node:path'
import { fillVersion, versionReader, type VersionReader } from '../version-pattern.js'

export interface LayoutOptions {
  readonly prefix?: string
  readonly pattern: string
}

export interface BucketLayout {
  /** What every key of a release begins with: a listing needs no others. */
  readonly begins: string
  readonly versionOf: VersionReader
}

export function bucketLayout({ prefix = '', pattern }: LayoutOptions): BucketLayout {
  const folder = prefix.replace(/^\/+/, '').replace(/([^/])$/, '$1/')
  const whole = `${folder}${pattern.replace(/^\/+/, '')}`
  return { begins: whole.slice(0, whole.indexOf('{version}')), versionOf: versionReader(whole) }
}

/**
 * The keys that a file published beside the artifact may have; `{version}` in its name stands for the version as it is
 * written in the artifact's key, which may be with a `v`.
 */
export function companionKeys(artifactKey: string, name: string, version: string): readonly string[] {
  const written = artifactKey.includes(`v${version}`) ? [`v${version}`, version] : [version]
  const folder = path.posix.dirname(artifactKey)
  const keys = written.map((text) => path.posix.join(folder, fillVersion(name, text)))
  return [...new Set(keys)].filter((key) => !key.startsWith('../'))
}
