/** What lies in `releases/`, put together with what is recorded of it. */
import { readdir } from 'node:fs/promises'
import { isAbsent } from './current-link.js'
import { isReleaseName, type Layout } from './layout.js'
import { namesIn, readRecord, type ReleaseRecord } from './records.js'

export type ReleaseFolder =
  /** Folder, record and manifest are there. */
  | { readonly kind: 'whole'; readonly name: string; readonly record: ReleaseRecord }
  /** Something of the three is missing. */
  | { readonly kind: 'broken'; readonly name: string; readonly record: ReleaseRecord | null }
  /** A folder that deployctl did not make. */
  | { readonly kind: 'foreign'; readonly name: string }

/** Sorted by name. Files and links among the releases are not counted: see `straysIn`. */
export async function releaseFolders(layout: Layout): Promise<readonly ReleaseFolder[]> {
  const folders = new Set(await foldersIn(layout.releases))
  const manifests = new Set(await namesOf(layout.manifests, '.jsonl'))
  const recorded = new Set(await namesOf(layout.records, '.json'))
  const found: ReleaseFolder[] = []
  for (const name of [...new Set([...folders, ...recorded, ...manifests])].sort()) {
    const hasManifest = manifests.has(name)
    const record = recorded.has(name) ? await readRecord(layout, name) : null
    if (record !== null && hasManifest && folders.has(name)) found.push({ kind: 'whole', name, record })
    else if (recorded.has(name) || hasManifest) found.push({ kind: 'broken', name, record })
    else found.push({ kind: 'foreign', name })
  }
  return found
}

/** The releases that have such a file, readable or not. */
async function namesOf(folder: string, ending: string): Promise<readonly string[]> {
  const files = await namesIn(folder)
  return files
    .filter((file) => file.endsWith(ending) && isReleaseName(file))
    .map((file) => file.slice(0, -ending.length))
}

async function foldersIn(folder: string): Promise<readonly string[]> {
  const entries = await entriesIn(folder)
  return entries
    .filter((entry) => entry.isDirectory() && isReleaseName(entry.name))
    .map((entry) => entry.name)
}

/** Files and links in `releases/`, where only folders belong: a link `current` is what a killed `ln` leaves there. */
export async function straysIn(layout: Layout): Promise<readonly string[]> {
  const entries = await entriesIn(layout.releases)
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
}

async function entriesIn(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true })
  } catch (error) {
    if (isAbsent(error)) return []
    throw error
  }
}
