/**
 * Whether a folder still holds what its manifest says. Quick: size, time, mode and type are looked at, and only a file
 * that looks touched is read. What is there beside it (logs, uploads, caches) is nobody's business here.
 */
import { DeployError, systemCodeOf } from '../../base/deploy-error.js'
import { fileError } from '../system/file-error.js'
import { hashOf, type TreeEntry } from './tree-manifest.js'
import { look, type Found, type FoundFile } from './walk-tree.js'

export interface TreeDifference {
  readonly path: string
  readonly what: 'missing' | 'type' | 'mode' | 'content' | 'target'
}

const entriesPerTurn = 64

/** In the order of the manifest; empty when nothing is missing or changed. */
export async function compareTree(
  folder: string,
  manifest: readonly TreeEntry[],
  signal: AbortSignal,
): Promise<readonly TreeDifference[]> {
  const differences: TreeDifference[] = []
  let seen = 0
  for (const entry of manifest) {
    if (++seen % entriesPerTurn === 0) await new Promise((resolve) => setImmediate(resolve))
    if (signal.aborted) throw new DeployError('CANCELLED', `comparing ${folder} was cancelled`)
    const what = await differenceOf(folder, entry, signal)
    if (what !== null) differences.push({ path: entry.path, what })
  }
  return differences
}

async function differenceOf(
  folder: string,
  entry: TreeEntry,
  signal: AbortSignal,
): Promise<TreeDifference['what'] | null> {
  const found = lookFor(folder, entry.path)
  return differenceBetween(entry, found, (file) => hashOf(folder, file, signal))
}

/** The rule itself, wherever the folder lies; the hash is asked for only when the file looks touched. */
export async function differenceBetween(
  entry: TreeEntry,
  found: Found | 'missing' | 'other',
  hash: (file: FoundFile) => Promise<string>,
): Promise<TreeDifference['what'] | null> {
  if (found === 'missing') return 'missing'
  if (found === 'other' || found.type !== entry.type) return 'type'
  if (found.type === 'link') return entry.type === 'link' && found.target === entry.target ? null : 'target'
  if (found.type === 'file' && entry.type === 'file') {
    if (found.size !== entry.size) return 'content'
    if (found.mtimeMs !== entry.mtimeMs && (await hash(found)) !== entry.sha256) return 'content'
  }
  return entry.type !== 'link' && found.mode !== entry.mode ? 'mode' : null
}

function lookFor(folder: string, path: string): Found | 'missing' | 'other' {
  try {
    return look(folder, path)
  } catch (error) {
    if (error instanceof DeployError) return 'other' // a pipe or a device where a file was
    const code = systemCodeOf(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'missing'
    throw fileError(error, 'look at', `${folder}/${path}`)
  }
}
