/**
 * The digest of a file that nobody published one for: the file is fetched once, and known from then on by what the
 * server says of it (ETag, or date and size) for as long as the server says the same.
 *
 * What was fetched is left where the cache looks for the beginning of a download, so it is not fetched twice.
 */
import { readFile, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { DeployError } from '../../../base/deploy-error.js'
import { digestOf, sha256 } from '../../../base/hash.js'
import type { Ports } from '../../../model/ports.js'
import { lockCache } from '../../artifacts/cache-lock.js'
import { partialFolder, placesOf } from '../../artifacts/cache-layout.js'
import { download } from '../../artifacts/download.js'
import { digestOfFile, parseDigest } from '../../artifacts/file-digest.js'
import { readText } from '../../artifacts/read-text.js'
import { ensureFolder } from '../../system/ensure-folder.js'
import { fileError } from '../../system/file-error.js'
import { writeAtomically } from '../../system/write-atomically.js'

export interface RemoteFile {
  readonly url: string
  readonly headers: { readonly [name: string]: string }
}

export interface Measured {
  readonly digest: string
  readonly size: number
}

/** What the server says of a file without sending it; null where it says too little to tell it from another. */
type Mark = string | null

export async function digestByFetching(
  file: RemoteFile,
  ports: Ports,
  signal: AbortSignal,
): Promise<Measured> {
  const folder = path.join(ports.cacheDirectory, 'http')
  const key = sha256(file.url).slice('sha256:'.length)
  const note = path.join(folder, `${key}.json`)
  const mark = await markOf(file, ports, signal)
  const known = await readNote(note)
  if (mark !== null && known?.mark === mark) return known.measured
  await ensureFolder(folder)
  const { clock, machine } = ports
  const lock = await lockCache({
    path: path.join(folder, `${key}.lock`),
    pid: machine.pid,
    clock,
    signal,
    onWait: () => undefined,
  })
  try {
    const measured = await fetchAndMeasure(file, path.join(folder, key), ports, signal)
    if (mark !== null) await writeAtomically(note, JSON.stringify({ mark, measured }))
    return measured
  } finally {
    await lock.release()
  }
}

async function markOf({ url, headers }: RemoteFile, ports: Ports, signal: AbortSignal): Promise<Mark> {
  const answer = await readText({
    url,
    method: 'HEAD',
    // identity, or the size is that of a compressed form
    headers: { ...headers, 'accept-encoding': 'identity' },
    missing: 'ARTIFACT_MISSING',
    clock: ports.clock,
    signal,
  }).catch((error: unknown) => {
    // a server that refuses HEAD and nothing else is asked by fetching
    if (error instanceof DeployError && error.code === 'SOURCE_GARBAGE') return null
    throw error
  })
  if (answer?.status !== 'fresh') return null
  const { etag, lastModified } = answer
  const size = answer.headers.get('content-length')
  if (etag === null && (lastModified === null || size === null)) return null
  return digestOf({ etag, lastModified, size })
}

async function fetchAndMeasure(
  remote: RemoteFile,
  file: string,
  ports: Ports,
  signal: AbortSignal,
): Promise<Measured> {
  await download({ ...remote, file, onProgress: () => undefined, clock: ports.clock, signal })
  const digest = await digestOfFile(file, 'sha256', signal)
  const { size } = await stat(file)
  const { artifact, partial } = placesOf(ports.cacheDirectory, parseDigest(digest))
  await ensureFolder(path.join(ports.cacheDirectory, partialFolder))
  const isThere = await stat(artifact).then(
    () => true,
    () => false,
  )
  if (isThere) await rm(file, { force: true })
  else
    await rename(file, partial).catch((error: unknown) => Promise.reject(fileError(error, 'keep', partial)))
  return { digest, size }
}

async function readNote(
  note: string,
): Promise<{ readonly mark: string; readonly measured: Measured } | null> {
  try {
    // written by ourselves; whatever it claims, the artifact's bytes are verified against it
    return JSON.parse(await readFile(note, 'utf8')) as { mark: string; measured: Measured }
  } catch {
    return null
  }
}
