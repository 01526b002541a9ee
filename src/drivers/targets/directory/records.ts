/**
 * What deployctl writes down about each release folder: the record beside it, which says that it is whole and whether
 * it ever served. A record that cannot be read counts as none: the release is then broken, and staging mends it.
 */
import type { Release } from '../../../model/release.js'
import type { MadeShared } from './shared-plan.js'
import type { HostFiles } from './files/host-files.js'
import { releasePaths } from './layout.js'
import type { Ground } from './place.js'

export interface ReleaseRecord {
  readonly format: 1
  readonly name: string
  readonly release: Release
  readonly status: 'staged' | 'published'
  /** ISO 8601. */
  readonly stagedAt: string
  readonly publishedAt: string | null
  /** The deployment that staged it. */
  readonly deployment: string
  readonly bytes: number
  /** What its staging put into `shared/`. */
  readonly madeShared: readonly MadeShared[]
  /** What `current` said before this release was the first one to be routed to: not ours, so only its text is known. */
  readonly replacedLink: { readonly deployment: string; readonly text: string } | null
}

export async function readRecord({ layout, files }: Ground, name: string): Promise<ReleaseRecord | null> {
  const record = await readJson(files, releasePaths(layout, name).record)
  if (!isOfFormat(record) || record['name'] !== name || typeof record['release'] !== 'object') return null
  return record as unknown as ReleaseRecord // anything like this was written by writeRecord
}

/** The entries of a folder, sorted; none when it is not there. */
export async function namesIn(files: HostFiles, folder: string): Promise<readonly string[]> {
  return (await files.entries(folder)).map(({ name }) => name)
}

/** Parsed, or null when the file is not there or is not JSON. */
export async function readJson(files: HostFiles, path: string): Promise<unknown> {
  const text = await files.text(path)
  if (text === null) return null
  try {
    return JSON.parse(text) as unknown
  } catch {
    return null
  }
}

export function isOfFormat(value: unknown): value is { readonly [key: string]: unknown; readonly format: 1 } {
  return typeof value === 'object' && value !== null && 'format' in value && value.format === 1
}

export async function writeRecord({ layout, files }: Ground, record: ReleaseRecord): Promise<void> {
  await files.write(releasePaths(layout, record.name).record, `${JSON.stringify(record, null, 2)}\n`)
}

export async function removeRecord({ layout, files }: Ground, name: string): Promise<void> {
  const paths = releasePaths(layout, name)
  await files.remove(paths.record)
  await files.remove(paths.manifest)
  await files.remove(paths.seen)
}
