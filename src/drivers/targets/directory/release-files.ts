/** STUB to be replaced by drivers/artifacts: unpacking and manifests. */
import { cp, lstat, readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { FetchedArtifact } from '../../../model/source.js'
import type { OperationContext } from '../../../model/target.js'
import type { Release } from '../../../model/release.js'
import { ifThere } from '../../system/if-there.js'
import { writeAtomically } from '../../system/write-atomically.js'
import { releasePaths, type Layout } from './layout.js'
import type { DirectoryOptions } from './options.js'

export interface TreeEntry {
  readonly path: string
  readonly kind: 'file' | 'folder' | 'link'
  readonly mode: number
  readonly size: number
  readonly mtimeMs: number
  readonly link: string
}
export type Manifest = readonly TreeEntry[]

export type Comparison =
  | { readonly kind: 'compared'; readonly manifest: Manifest; readonly differing: readonly string[] }
  | { readonly kind: 'unknown'; readonly missing: string }

export async function unpackInto(
  artifact: FetchedArtifact,
  folder: string,
  _release: Release,
  _options: DirectoryOptions,
  _context: OperationContext,
): Promise<void> {
  await cp(artifact.path, folder, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true })
}

export async function manifestOf(folder: string): Promise<Manifest> {
  const entries: TreeEntry[] = []
  const visit = async (place: string): Promise<void> => {
    for (const name of (await readdir(join(folder, place))).sort()) {
      const path = place === '' ? name : `${place}/${name}`
      const entry = await entryAt(folder, path)
      if (entry === null) continue
      entries.push(entry)
      if (entry.kind === 'folder') await visit(path)
    }
  }
  await visit('')
  return entries
}

async function entryAt(folder: string, path: string): Promise<TreeEntry | null> {
  const found = await lstat(join(folder, path)).catch(() => null)
  if (found === null) return null
  const kind = found.isSymbolicLink() ? 'link' : found.isDirectory() ? 'folder' : 'file'
  return {
    path,
    kind,
    mode: found.mode & 0o7777,
    size: kind === 'file' ? found.size : 0,
    mtimeMs: kind === 'file' ? found.mtimeMs : 0,
    link: kind === 'link' ? await readlink(join(folder, path)) : '',
  }
}

export function sizeOf(manifest: Manifest): number {
  return manifest.reduce((sum, entry) => sum + entry.size, 0)
}

export async function writeManifest(path: string, manifest: Manifest): Promise<void> {
  await writeAtomically(path, manifest.map((entry) => `${JSON.stringify(entry)}\n`).join(''))
}

export async function compareRelease(layout: Layout, name: string): Promise<Comparison> {
  const paths = releasePaths(layout, name)
  const text = await ifThere(readFile(paths.manifest, 'utf8'))
  if (text === null) return { kind: 'unknown', missing: paths.manifest }
  const manifest = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as TreeEntry)
  const differing: string[] = []
  for (const entry of manifest) {
    const now = await entryAt(paths.folder, entry.path)
    if (JSON.stringify(now) !== JSON.stringify(entry)) differing.push(entry.path)
  }
  return { kind: 'compared', manifest, differing }
}
