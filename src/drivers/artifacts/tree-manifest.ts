/**
 * What a folder holds, as data: to know a folder release by its digest, and to see later what of a deployed release
 * was changed by hand. A manifest on disk is a header line and a compact JSON line for each entry.
 */
import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemCodeOf } from '../../base/deploy-error.js'
import { fileError } from '../system/file-error.js'
import { writeAtomically } from '../system/write-atomically.js'
import { digestOfFile } from './file-digest.js'
import { walkTree, type FoundFile, type FoundFolder, type FoundLink } from './walk-tree.js'

export type TreeEntry = (FoundFile & { readonly sha256: string }) | FoundFolder | FoundLink

/** Larger files are read asynchronously. */
const smallBytes = 2 ** 20
const buffer = Buffer.allocUnsafe(256 * 1024)

/** Everything below the folder, with the hash of every file; the folder itself is not part of it. */
export async function scanTree(folder: string, signal: AbortSignal): Promise<readonly TreeEntry[]> {
  try {
    const entries: TreeEntry[] = []
    for await (const found of walkTree(folder, signal)) {
      if (found.type !== 'file') entries.push(found)
      else entries.push({ ...found, sha256: await hashOf(folder, found, signal) })
    }
    return entries
  } catch (error) {
    throw fileError(error, 'read the folder', folder)
  }
}

/** Hexadecimal. */
export async function hashOf(folder: string, file: FoundFile, signal: AbortSignal): Promise<string> {
  const full = join(folder, file.path)
  if (file.size > smallBytes) return (await digestOfFile(full, 'sha256', signal)).slice('sha256:'.length)
  const descriptor = openSync(full, 'r')
  try {
    const hash = createHash('sha256')
    for (let read = readSync(descriptor, buffer); read > 0; read = readSync(descriptor, buffer)) {
      hash.update(buffer.subarray(0, read))
    }
    return hash.digest('hex')
  } finally {
    closeSync(descriptor)
  }
}

/** The identity of a folder release: `sha256:…` over paths, types, executable bits, contents and link targets. */
export async function treeDigest(folder: string, signal: AbortSignal): Promise<string> {
  return digestOfEntries(await scanTree(folder, signal))
}

/** Times, owners, and who may read or write do not count: they differ from checkout to checkout. */
export function digestOfEntries(entries: readonly TreeEntry[]): string {
  const lines = entries.map((entry) => [entry.path, JSON.stringify(identityOf(entry))] as const)
  const hash = createHash('sha256')
  for (const [, line] of lines.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))) hash.update(`${line}\n`)
  return `sha256:${hash.digest('hex')}`
}

function identityOf(entry: TreeEntry): readonly (string | number)[] {
  if (entry.type === 'link') return [entry.path, 'link', entry.target]
  const executable = entry.mode & 0o111
  if (entry.type === 'folder') return [entry.path, 'folder', executable]
  return [entry.path, 'file', executable, entry.sha256]
}

export async function writeManifest(path: string, entries: readonly TreeEntry[]): Promise<void> {
  await writeAtomically(path, manifestText(entries))
}

export function manifestText(entries: readonly TreeEntry[]): string {
  const header = { type: 'deployctl-tree', format: 1, entries: entries.length }
  return `${[header, ...entries.map(packed)].map((line) => JSON.stringify(line)).join('\n')}\n`
}

/** Null when there is none, or it is not whole: then nobody knows what the folder should hold. */
export async function readManifest(path: string): Promise<readonly TreeEntry[] | null> {
  try {
    return manifestOf(await readFile(path, 'utf8'))
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return null
    throw fileError(error, 'read', path)
  }
}

export function manifestOf(text: string): readonly TreeEntry[] | null {
  try {
    const [header = '', ...lines] = text.trimEnd().split('\n')
    // written by ourselves; what does not fit below makes the whole of it unknown
    const { type, format, entries } = JSON.parse(header) as {
      type: unknown
      format: unknown
      entries: unknown
    }
    if (type !== 'deployctl-tree' || format !== 1 || entries !== lines.length) return null
    return lines.map((line) => unpacked(JSON.parse(line) as Packed)) // as written below
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

type Packed =
  | readonly ['f', path: string, mode: number, size: number, mtimeMs: number, sha256: string]
  | readonly ['d', path: string, mode: number]
  | readonly ['l', path: string, target: string]

function packed(entry: TreeEntry): Packed {
  if (entry.type === 'folder') return ['d', entry.path, entry.mode]
  if (entry.type === 'link') return ['l', entry.path, entry.target]
  return ['f', entry.path, entry.mode, entry.size, entry.mtimeMs, entry.sha256]
}

function unpacked(line: Packed): TreeEntry {
  if (line[0] === 'd') return { type: 'folder', path: line[1], mode: line[2] }
  if (line[0] === 'l') return { type: 'link', path: line[1], target: line[2] }
  const [, path, mode, size, mtimeMs, sha256] = line
  return { type: 'file', path, mode, size, mtimeMs, sha256 }
}
