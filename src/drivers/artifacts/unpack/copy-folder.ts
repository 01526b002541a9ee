/**
 * Copies a folder release by the same rules as an archive: every entry goes through the tree writer, so links that
 * leave the folder, devices and odd names are refused, and modes are masked.
 */
import { lstat, readdir, readlink, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileError } from '../../system/file-error.js'
import { noPieces, type ArchiveEntry } from './archive-entry.js'
import { refusedArchive } from './refusal.js'
import type { TreeWriter } from './tree-writer.js'

/** Adds everything below the folder to the writer; what it is told is for progress. */
export async function copyFolder(from: string, writer: TreeWriter, onCopied: () => void): Promise<void> {
  const root = await stat(from).catch((error: unknown) => {
    throw fileError(error, 'read', from)
  })
  if (!root.isDirectory()) throw refusedArchive(`${from} is not a folder`)
  const linked = new Map<string, string>()
  const walk = async (relative: string): Promise<void> => {
    const names = (await readdir(join(from, relative))).sort()
    for (const name of names) {
      const path = relative === '' ? name : `${relative}/${name}`
      const entry = await entryOf(join(from, path), path, linked)
      await writer.add(entry, join(from, path))
      onCopied()
      if (entry.kind === 'folder') await walk(path)
    }
  }
  await walk('')
}

/** Two names of one file stay so: the first is copied, the others become hard links to it. */
async function entryOf(full: string, path: string, linked: Map<string, string>): Promise<ArchiveEntry> {
  const found = await lstat(full)
  const common = {
    name: path,
    mode: found.mode & 0o7777,
    mtimeMs: found.mtimeMs,
    size: 0,
    target: '',
    pieces: noPieces,
  }
  if (found.isDirectory()) return { ...common, kind: 'folder' }
  if (found.isSymbolicLink()) return { ...common, kind: 'symlink', target: await readlink(full) }
  if (!found.isFile()) return { ...common, kind: 'special', target: specialOf(found) }
  const inode = `${found.dev}:${found.ino}`
  const first = found.nlink > 1 ? linked.get(inode) : undefined
  if (first !== undefined) return { ...common, kind: 'hardlink', target: first }
  if (found.nlink > 1) linked.set(inode, path)
  return { ...common, kind: 'file', size: found.size }
}

function specialOf(found: { isFIFO(): boolean; isSocket(): boolean }): string {
  return found.isFIFO() ? 'a named pipe' : found.isSocket() ? 'a socket' : 'a device'
}
