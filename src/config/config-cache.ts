/**
 * What parsing and validating a deploy.yaml came to, kept beside the artifacts so that the next run needs neither the
 * YAML package nor the validator. It holds the document as written: never a value from the environment, never a
 * secret. One entry for each file, found again only when its bytes and this program are the same; anything wrong with
 * an entry makes it one that is not there.
 */
import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Json } from '../base/hash.js'
import type { ConfigProblem } from '../model/config-problem.js'
import { cacheVersion } from './generated/cache-version.js'
import { isMap, type JsonMap } from './tree.js'

export interface CacheEntry {
  readonly document: JsonMap
  /** Environments found valid, where that depends on nothing but the document. */
  readonly valid: { readonly [environment: string]: { readonly warnings: readonly ConfigProblem[] } }
}

export interface CachePlace {
  readonly directory: string
  readonly file: string
  readonly key: string
}

export function cachePlace(directory: string, deployFile: string, bytes: Uint8Array): CachePlace {
  return {
    directory,
    file: join(directory, `config-${hashOf(deployFile).slice(0, 16)}.json`),
    key: createHash('sha256').update(cacheVersion).update('\0').update(bytes).digest('hex'),
  }
}

/** The first line is the key and the digest of the second: a torn or changed entry does not fit. */
export async function readCache(place: CachePlace): Promise<CacheEntry | undefined> {
  try {
    const text = await readFile(place.file, 'utf8')
    const end = text.indexOf('\n')
    const body = text.slice(end + 1)
    if (text.slice(0, end) !== `${place.key} ${hashOf(body)}`) return undefined
    const entry = JSON.parse(body) as Json // its digest says that it is what writeCache wrote
    if (!isMap(entry) || !isMap(entry['document']) || !isMap(entry['valid'])) return undefined
    return entry as unknown as CacheEntry // the same
  } catch {
    return undefined
  }
}

/** A cache that cannot be written is no reason to stop. */
export async function writeCache(place: CachePlace, entry: CacheEntry): Promise<void> {
  const temporary = `${place.file}.${randomUUID()}`
  try {
    const body = JSON.stringify(entry)
    await mkdir(place.directory, { recursive: true, mode: 0o700 })
    await writeFile(temporary, `${place.key} ${hashOf(body)}\n${body}`, { mode: 0o600, flag: 'wx' })
    await rename(temporary, place.file)
  } catch {
    await rm(temporary, { force: true }).catch(() => undefined)
  }
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
