/**
 * Where things lie in the cache, and the note beside each of them. One file knows the names, so that fetching, listing
 * and pruning agree. In `artifacts/`:
 *
 *   <algorithm>-<hex>          an artifact: whole and verified, or it is not there
 *   <algorithm>-<hex>.json     its note: name, size, digest, where it came from; touched whenever it is used
 *   partial/<algorithm>-<hex>  the beginning of one that is being fetched (and `.resume` beside it)
 *   locks/<algorithm>-<hex>    who is fetching it
 */
import { readFile, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../model/clock.js'
import type { Digest } from './file-digest.js'

export interface CachePlaces {
  readonly artifact: string
  readonly note: string
  readonly partial: string
  readonly lock: string
}

/** Folders of the cache: archives, and what sources keep for themselves. */
export const artifactFolder = 'artifacts'
export const checkoutFolder = 'git'
export const fetchedFolder = 'http'
export const folderNotes = 'directory'

export const partialFolder = 'partial'
export const lockFolder = 'locks'

export function placesOf(directory: string, digest: Digest): CachePlaces {
  const key = `${digest.algorithm}-${digest.hex}`
  return {
    artifact: join(directory, key),
    note: join(directory, `${key}.json`),
    partial: join(directory, partialFolder, key),
    lock: join(directory, lockFolder, key),
  }
}

/** The digest that a file's name stands for, or null when it is none of ours. */
export function digestOfName(name: string): string | null {
  return /^(sha256-[0-9a-f]{64}|sha512-[0-9a-f]{128})$/.test(name) ? name.replace('-', ':') : null
}

export interface CacheNote {
  readonly name: string
  readonly digest: string
  readonly size: number
  readonly source: string
  readonly version: string
  readonly fetchedAt: string
  /** What it was proven by; see Verifier.basis. */
  readonly proven: readonly string[]
}

/** Null when there is none, or it cannot be read: the artifact is no worse for it. */
export async function readNote(path: string): Promise<CacheNote | null> {
  try {
    // written by ourselves, into a folder that is ours alone
    const note = JSON.parse(await readFile(path, 'utf8')) as Partial<CacheNote>
    const { name = '', digest = '', size = 0, source = '', version = '', fetchedAt = '', proven = [] } = note
    return { name, digest, size, source, version, fetchedAt, proven }
  } catch {
    return null
  }
}

/** Says that something in the cache was used now; false when it is not there. Only upkeep looks at it. */
export async function touch(path: string, clock: Clock): Promise<boolean> {
  const now = clock.now()
  return utimes(path, now, now).then(
    () => true,
    () => false,
  )
}
