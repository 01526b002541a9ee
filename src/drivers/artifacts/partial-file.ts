/**
 * The beginning of a download on disk, and beside it what the server said of the whole: enough for another process to
 * go on where this one was killed. Apart from the download because it is all that has to survive.
 */
import { open, readFile, rm, writeFile, type FileHandle } from 'node:fs/promises'

export interface PartialFile {
  readonly handle: FileHandle
  readonly bytes: number
  /** For If-Range: a strong ETag, or a date. Null when the server has given none, and the rest cannot be asked for. */
  readonly validator: string | null
}

function notePath(file: string): string {
  return `${file}.resume`
}

export async function openPartial(file: string): Promise<PartialFile> {
  const handle = await open(file, 'a+').then(async (made) => {
    // opened for appending only to create it without emptying it; positions are ours to choose
    await made.close()
    return open(file, 'r+')
  })
  const { size } = await handle.stat()
  const validator = await readFile(notePath(file), 'utf8').catch(() => '')
  return { handle, bytes: size, validator: validator.startsWith('v1 ') ? validator.slice(3) : null }
}

/** Empties the file for a download from the beginning, and notes how the rest of it can be asked for later. */
export async function beginPartial(file: string, handle: FileHandle, headers: Headers): Promise<void> {
  await rm(notePath(file), { force: true })
  await handle.truncate(0)
  const validator = validatorOf(headers)
  if (validator !== null) await writeFile(notePath(file), `v1 ${validator}`)
}

/** To be called when the file is whole: there is nothing to resume any more. */
export async function endPartial(file: string): Promise<void> {
  await rm(notePath(file), { force: true })
}

/** A weak ETag does not promise equal bytes, so it cannot be used for a range. */
function validatorOf(headers: Headers): string | null {
  if (headers.get('accept-ranges') === 'none' || headers.has('content-encoding')) return null
  const etag = headers.get('etag')
  if (etag?.startsWith('"') === true) return etag
  return headers.get('last-modified')
}
