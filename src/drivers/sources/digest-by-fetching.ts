/**
 * The digest of a file that nobody published one for: the file is fetched once, and known from then on by what the
 * server says of it (ETag, or date and size) for as long as the server says the same.
 *
 * What was fetched is kept until it is asked for, so that planning and applying together fetch it once.
 */
import { readFile, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { DeployError } from '../../base/deploy-error.js'
import { digestOf, sha256 } from '../../base/hash.js'
import type { Ports } from '../../model/ports.js'
import { fetchedFolder, touch } from '../artifacts/cache-layout.js'
import { lockCache } from '../artifacts/cache-lock.js'
import { download } from '../artifacts/download.js'
import type { Explain } from '../artifacts/http-trouble.js'
import { digestOfFile } from '../artifacts/file-digest.js'
import { readText } from '../artifacts/read-text.js'
import { ensureFolder } from '../system/ensure-folder.js'
import { naming } from '../system/file-error.js'
import { writeAtomically } from '../system/write-atomically.js'

export interface RemoteFile {
  readonly url: string
  readonly headers: { readonly [name: string]: string }
  /** What the file is known by, where its address changes from one request to the next (it is signed). */
  readonly name?: string
  /** What tells this content from another at the same address, where the source knows: the server is not asked then. */
  readonly mark?: string
  /** Where the source knows it: anything else is refused. */
  readonly expectedSize?: number
  readonly explain?: Explain
}

export interface Measured {
  readonly digest: string
  readonly size: number
}

/** Where things lie for one file. */
interface Places {
  readonly folder: string
  /** The file itself, while it waits to be asked for. */
  readonly file: string
  readonly note: string
  readonly lock: string
}

export async function digestByFetching(
  remote: RemoteFile,
  ports: Ports,
  signal: AbortSignal,
): Promise<Measured> {
  const places = placesOf(remote.name ?? remote.url, ports)
  await ensureFolder(places.folder)
  const { clock, machine } = ports
  const onWait = (): void => undefined
  const lock = await lockCache({ path: places.lock, pid: machine.pid, clock, signal, onWait })
  try {
    const mark = remote.mark ?? (await markOf(remote, ports, signal))
    const known = await readNote(places.note)
    if (mark !== null && known?.mark === mark) {
      await touch(places.note, clock)
      return known.measured
    }
    const measured = await fetchAndMeasure(remote, places.file, ports, signal)
    await writeAtomically(places.note, JSON.stringify({ mark, measured }))
    // it only looked new: whoever wants this content has it already, or fetches it as usual
    if (known?.measured.digest === measured.digest) await rm(places.file, { force: true })
    return measured
  } finally {
    await lock.release()
  }
}

/** Moves what was fetched (from the address, or of that name) for the digest to `file`; false when it is not there (any more). */
export async function takeFetched(
  name: string,
  digest: string,
  file: string,
  ports: Ports,
): Promise<boolean> {
  const places = placesOf(name, ports)
  if ((await readNote(places.note))?.measured.digest !== digest) return false
  const isThere = await stat(places.file).then(
    () => true,
    () => false,
  )
  if (isThere) await naming('move', places.file, () => rename(places.file, file))
  return isThere
}

function placesOf(name: string, ports: Ports): Places {
  const folder = path.join(ports.cacheDirectory, fetchedFolder)
  const file = path.join(folder, sha256(name).slice('sha256:'.length))
  return { folder, file, note: `${file}.json`, lock: `${file}.lock` }
}

/** What the server says of the file without sending it; null when that is too little to tell it from another. */
async function markOf(
  { url, headers }: RemoteFile,
  ports: Ports,
  signal: AbortSignal,
): Promise<string | null> {
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
  return { digest, size: (await stat(file)).size }
}

async function readNote(
  note: string,
): Promise<{ readonly mark: string | null; readonly measured: Measured } | null> {
  try {
    // written by ourselves; whatever it claims, the artifact's bytes are verified against it
    return JSON.parse(await readFile(note, 'utf8')) as { mark: string | null; measured: Measured }
  } catch {
    return null
  }
}
