/** What lies in `releases/`, put together with what is recorded of it. */
import type { HostFiles } from './files/host-files.js'
import { isReleaseName } from './layout.js'
import type { Ground } from './place.js'
import { namesIn, readRecord, type ReleaseRecord } from './records.js'

export type ReleaseFolder =
  /** Folder, record and manifest are there. */
  | { readonly kind: 'whole'; readonly name: string; readonly record: ReleaseRecord }
  /** Something of the three is missing. */
  | { readonly kind: 'broken'; readonly name: string; readonly record: ReleaseRecord | null }
  /** A folder that deployctl did not make. */
  | { readonly kind: 'foreign'; readonly name: string }

/** Sorted by name. Files and links among the releases are not counted: see `straysIn`. */
export async function releaseFolders(ground: Ground): Promise<readonly ReleaseFolder[]> {
  const { layout, files } = ground
  const folders = new Set(await foldersIn(files, layout.releases))
  const manifests = new Set(await namesOf(files, layout.manifests, '.jsonl'))
  const recorded = new Set(await namesOf(files, layout.records, '.json'))
  const found: ReleaseFolder[] = []
  for (const name of [...new Set([...folders, ...recorded, ...manifests])].sort()) {
    const hasManifest = manifests.has(name)
    const record = recorded.has(name) ? await readRecord(ground, name) : null
    if (record !== null && hasManifest && folders.has(name)) found.push({ kind: 'whole', name, record })
    else if (recorded.has(name) || hasManifest) found.push({ kind: 'broken', name, record })
    else found.push({ kind: 'foreign', name })
  }
  return found
}

/** The releases that have such a file, readable or not. */
async function namesOf(files: HostFiles, folder: string, ending: string): Promise<readonly string[]> {
  const names = await namesIn(files, folder)
  return names
    .filter((file) => file.endsWith(ending) && isReleaseName(file))
    .map((file) => file.slice(0, -ending.length))
}

async function foldersIn(files: HostFiles, folder: string): Promise<readonly string[]> {
  const entries = await files.entries(folder)
  return entries
    .filter((entry) => entry.kind === 'folder' && isReleaseName(entry.name))
    .map((entry) => entry.name)
}

/** Files and links in `releases/`, where only folders belong: a link `current` is what a killed `ln` leaves there. */
export async function straysIn({ layout, files }: Ground): Promise<readonly string[]> {
  const entries = await files.entries(layout.releases)
  return entries.filter((entry) => entry.kind !== 'folder').map((entry) => entry.name)
}
