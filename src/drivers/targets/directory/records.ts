/**
 * What deployctl writes down about each release folder: the record beside it, which says that it is whole and whether
 * it ever served. A record that cannot be read counts as none: the release is then broken, and staging mends it.
 */
import { readdir, readFile, rm } from 'node:fs/promises'
import type { Release } from '../../../model/release.js'
import { systemCodeOf } from '../../../base/deploy-error.js'
import { writeAtomically } from '../../system/write-atomically.js'
import type { MadeShared } from './shared-plan.js'
import { releasePaths, type Layout } from './layout.js'

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

export async function readRecord(layout: Layout, name: string): Promise<ReleaseRecord | null> {
  const record = await readJson(releasePaths(layout, name).record)
  if (!isOfFormat(record) || record['name'] !== name || typeof record['release'] !== 'object') return null
  return record as unknown as ReleaseRecord // anything like this was written by writeRecord
}

/** The entries of a folder, sorted; none when it is not there. */
export async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).sort()
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return []
    throw error
  }
}

/** Parsed, or null when the file is not there or is not JSON. */
export async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as unknown
  } catch (error) {
    if (error instanceof SyntaxError || systemCodeOf(error) === 'ENOENT') return null
    throw error
  }
}

export function isOfFormat(value: unknown): value is { readonly [key: string]: unknown; readonly format: 1 } {
  return typeof value === 'object' && value !== null && 'format' in value && value.format === 1
}

export async function writeRecord(layout: Layout, record: ReleaseRecord): Promise<void> {
  await writeAtomically(releasePaths(layout, record.name).record, `${JSON.stringify(record, null, 2)}\n`)
}

export async function removeRecord(layout: Layout, name: string): Promise<void> {
  const paths = releasePaths(layout, name)
  await rm(paths.record, { force: true })
  await rm(paths.manifest, { force: true })
}
