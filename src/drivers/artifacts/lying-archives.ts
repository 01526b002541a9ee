/** The archives in the cache, and the downloads of archives that were begun. See cache-layout.ts for their files. */
import { join } from 'node:path'
import { digestOfFile, parseDigest } from './file-digest.js'
import { digestOfName, partialFolder, placesOf, readNote } from './cache-layout.js'
import { namesIn, statOf, type Lying } from './lying.js'

/** `prefix` is the folder's name within the cache, for ids. */
export async function lyingArchives(directory: string, prefix: string): Promise<readonly Lying[]> {
  const names = await namesIn(directory)
  const archives = await Promise.all(names.map((name) => archive(directory, prefix, name)))
  const begun = await namesIn(join(directory, partialFolder))
  const beginnings = await Promise.all(begun.map((name) => beginning(directory, prefix, name)))
  return [...archives, ...beginnings].filter((lying) => lying !== null)
}

async function archive(directory: string, prefix: string, file: string): Promise<Lying | null> {
  const digest = digestOfName(file)
  if (digest === null) return null
  const places = placesOf(directory, parseDigest(digest))
  const [found, note] = [await statOf(places.artifact), await readNote(places.note)]
  if (found === null) return null
  // the note is touched whenever the archive is used
  const usedAtMs = async () => ((await statOf(places.note)) ?? found).mtimeMs
  return {
    entry: {
      kind: 'archive',
      id: join(prefix, file),
      digest,
      bytes: found.size,
      name: note?.name ?? '',
      source: note?.source ?? '',
      version: note?.version ?? '',
      usedAt: new Date(await usedAtMs()).toISOString(),
    },
    path: places.artifact,
    lock: places.lock,
    remains: [places.artifact, places.note],
    usedAtMs,
    isSound: async (signal) =>
      (await digestOfFile(places.artifact, parseDigest(digest).algorithm, signal)) === digest,
  }
}

async function beginning(directory: string, prefix: string, file: string): Promise<Lying | null> {
  const digest = digestOfName(file)
  if (digest === null) return null
  const places = placesOf(directory, parseDigest(digest))
  const found = await statOf(places.partial)
  if (found === null) return null
  return {
    entry: {
      kind: 'beginning',
      id: join(prefix, partialFolder, file),
      digest,
      bytes: found.size,
      name: '',
      source: '',
      version: '',
      usedAt: found.mtime.toISOString(),
    },
    path: places.partial,
    lock: places.lock,
    remains: [places.partial, `${places.partial}.resume`],
    usedAtMs: async () => ((await statOf(places.partial)) ?? found).mtimeMs,
    isSound: null,
  }
}
