/**
 * Looking after the cache: what is in it, whether it is still what it was, and what may go. Apart from fetching,
 * because these run when a person asks, and never remove what a recorded release needs.
 */
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../model/clock.js'
import { systemCodeOf } from '../../base/deploy-error.js'
import { fileError } from '../system/file-error.js'
import { digestOfName, lockFolder, partialFolder, placesOf, readNote } from './cache-layout.js'
import { isLocked } from './cache-lock.js'
import { digestOfFile, parseDigest } from './file-digest.js'

export interface CachedArtifact {
  readonly digest: string
  readonly bytes: number
  /** The original file name, and where it came from; empty where the note is gone. */
  readonly name: string
  readonly source: string
  readonly version: string
  readonly usedAt: Date
}

/** Everything whole in the cache, most recently used first. An absent cache is an empty one. */
export async function listCache(directory: string): Promise<readonly CachedArtifact[]> {
  const found: CachedArtifact[] = []
  for (const name of await namesIn(directory)) {
    const digest = digestOfName(name)
    const file = digest === null ? null : await stat(join(directory, name)).catch(() => null)
    if (digest === null || file === null) continue
    const notePath = join(directory, `${name}.json`)
    const [note, noted] = [await readNote(notePath), await stat(notePath).catch(() => null)]
    found.push({
      digest,
      bytes: file.size,
      name: note?.name ?? '',
      source: note?.source ?? '',
      version: note?.version ?? '',
      usedAt: (noted ?? file).mtime,
    })
  }
  return found.sort((a, b) => b.usedAt.getTime() - a.usedAt.getTime())
}

/** Reads every artifact again and answers those that are not what they were; they are removed, to be fetched anew. */
export async function verifyCache(
  directory: string,
  onChecked: (artifact: CachedArtifact, sound: boolean) => void,
  signal: AbortSignal,
): Promise<readonly CachedArtifact[]> {
  const rotten: CachedArtifact[] = []
  for (const artifact of await listCache(directory)) {
    const digest = parseDigest(artifact.digest)
    const { artifact: path } = placesOf(directory, digest)
    const sound = (await digestOfFile(path, digest.algorithm, signal)) === digest.text
    onChecked(artifact, sound)
    if (sound) continue
    rotten.push(artifact)
    await removeArtifact(directory, artifact.digest)
  }
  return rotten
}

export interface CacheLimits {
  readonly maxBytes: number
  readonly maxAgeMs: number
  /** Digests that recorded releases need: never removed. */
  readonly needed: ReadonlySet<string>
  /** What was used so recently may be about to be unpacked; an hour unless given. */
  readonly recentMs?: number
}

export interface Pruned {
  readonly removed: readonly CachedArtifact[]
  /** Bytes of partial downloads that were removed: nobody has gone on with them for as long as `maxAgeMs`. */
  readonly partialBytes: number
}

/** Removes what is too old, then the least recently used until the rest fits. */
export async function pruneCache(directory: string, limits: CacheLimits, clock: Clock): Promise<Pruned> {
  const nowMs = clock.now().getTime()
  const artifacts = await listCache(directory)
  let bytes = artifacts.reduce((sum, artifact) => sum + artifact.bytes, 0)
  const removed: CachedArtifact[] = []
  for (const artifact of artifacts.toReversed()) {
    const ageMs = nowMs - artifact.usedAt.getTime()
    if (limits.needed.has(artifact.digest) || ageMs < (limits.recentMs ?? 3_600_000)) continue
    if (ageMs <= limits.maxAgeMs && bytes <= limits.maxBytes) continue
    await removeArtifact(directory, artifact.digest)
    removed.push(artifact)
    bytes -= artifact.bytes
  }
  return { removed, partialBytes: await prunePartials(directory, limits.maxAgeMs, clock) }
}

async function prunePartials(directory: string, maxAgeMs: number, clock: Clock): Promise<number> {
  let bytes = 0
  for (const name of await namesIn(join(directory, partialFolder))) {
    const path = join(directory, partialFolder, name)
    const found = await stat(path).catch(() => null)
    if (found === null || clock.now().getTime() - found.mtimeMs <= maxAgeMs) continue
    if (await isLocked(join(directory, lockFolder, name.replace(/\.resume$/, '')), clock)) continue
    await rm(path, { force: true })
    bytes += found.size
  }
  return bytes
}

async function removeArtifact(directory: string, digest: string): Promise<void> {
  const places = placesOf(directory, parseDigest(digest))
  try {
    await rm(places.artifact, { force: true })
    await rm(places.note, { force: true })
  } catch (error) {
    throw fileError(error, 'remove', places.artifact)
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return []
    throw fileError(error, 'list', folder)
  }
}
