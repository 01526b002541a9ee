/**
 * Whether a release on a host still holds what its manifest says. Usually the host itself finds that nothing looks
 * touched, and only the word "same" travels; otherwise what is there is had and judged here, by the same rule as on this
 * machine, and only files that look touched are hashed.
 */
import { join } from 'node:path'
import { differenceBetween, type TreeDifference } from '../../../artifacts/compare-tree.js'
import { manifestOf } from '../../../artifacts/tree-manifest.js'
import type { Found as TreeFound } from '../../../artifacts/walk-tree.js'
import type { ReleasePaths } from '../layout.js'
import type { Comparison } from './host-files.js'
import type { TreeLine } from './look-answer.js'

interface Asking {
  comparison(): Promise<'same' | 'differs' | 'unknown'>
  tree(): Promise<readonly TreeLine[]>
  /** Hashes of these files, by path. */
  digests(paths: readonly string[]): Promise<(path: string) => string>
}

export async function compareOnHost(
  release: ReleasePaths,
  files: { text(path: string): Promise<string | null> },
  signal: AbortSignal,
  asking: Asking,
): Promise<Comparison> {
  const unknown = { kind: 'unknown', missing: release.manifest } as const
  const quick = await asking.comparison()
  if (quick === 'same') return { kind: 'same' }
  if (quick === 'unknown') return unknown
  const manifest = manifestOf((await files.text(release.manifest)) ?? '')
  if (manifest === null) return unknown
  const found = new Map((await asking.tree()).map((line) => [line.path, foundOf(line)]))
  const touched = manifest.filter((entry) => {
    const there = found.get(entry.path)
    return (
      entry.type === 'file' &&
      typeof there === 'object' &&
      there.type === 'file' &&
      there.mtimeMs !== entry.mtimeMs
    )
  })
  const hash = await asking.digests(touched.map(({ path }) => join(release.folder, path)))
  const differences: TreeDifference[] = []
  for (const entry of manifest) {
    signal.throwIfAborted()
    const what = await differenceBetween(entry, found.get(entry.path) ?? 'missing', ({ path }) =>
      Promise.resolve(hash(join(release.folder, path)).replace('host:', '')),
    )
    if (what !== null) differences.push({ path: entry.path, what })
  }
  return differences.length === 0 ? { kind: 'same' } : { kind: 'differs', manifest, differences }
}

const typeBits = 0o170000
const types: { readonly [bits: number]: 'file' | 'folder' | 'link' } = {
  0o100000: 'file',
  0o040000: 'folder',
  0o120000: 'link',
}

function foundOf({ path, mode, size, mtimeS, target }: TreeLine): TreeFound | 'other' {
  const type = types[mode & typeBits]
  const permissions = mode & 0o7777
  if (type === 'folder') return { type, path, mode: permissions }
  if (type === 'file') return { type, path, mode: permissions, size, mtimeMs: mtimeS * 1000 }
  return type === 'link' ? { type, path, target: target ?? '' } : 'other'
}
