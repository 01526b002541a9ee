/**
 * What parsing and validating a deploy.yaml came to, kept so that the next run needs neither the YAML package nor the
 * validator. It never holds a value from the environment or a secret: where a document took
 * a value from there, only the document as written is kept. One entry for each file and environment, found again only when the file's bytes and
 * this program are the same; anything wrong with an entry makes it one that is not there.
 */
import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Json } from '../base/hash.js'
import type { ConfigProblem } from '../model/config-problem.js'
import { cacheVersion } from './generated/cache-version.js'
import type { JsonMap } from './tree.js'

export type CacheEntry =
  /** The document as written. */
  | { readonly kind: 'parsed'; readonly document: JsonMap }
  /** All that was found out, where no value of the process is in it. */
  | {
      readonly kind: 'valid'
      readonly environment: string
      /** Variables of the process that must not be set, or their defaults would not stand. */
      readonly unset: readonly string[]
      readonly found: Found
    }

/** What a valid document comes to, beside the config itself. */
export interface Found {
  /** Of the config alone. */
  readonly configDigest: string
  /** The document merged and interpolated, as a plain tree; secrets are references. */
  readonly merged: Json
  /** Every environment the file declares. */
  readonly environments: readonly string[]
  readonly warnings: readonly ConfigProblem[]
}

export interface CachePlace {
  readonly directory: string
  readonly file: string
  readonly key: string
}

export function cachePlace(
  directory: string,
  deployFile: string,
  environment: string | null,
  bytes: Uint8Array,
): CachePlace {
  const name = hashOf(JSON.stringify([deployFile, environment])).slice(0, 16)
  return {
    directory,
    file: join(directory, `config-${name}.json`),
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
    return JSON.parse(body) as CacheEntry // its digest says that it is what writeCache wrote
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
