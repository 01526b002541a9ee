/**
 * What an artifact is, told by its first bytes: names lie, and mirrors rename. The name only decides where the bytes
 * leave a choice: a .jar is a zip that wants to stay one.
 */
import { open } from 'node:fs/promises'
import { refusedArchive } from './unpack/refusal.js'
import { isTarHeader, isZeroBlock } from './unpack/tar-header.js'

export type Packing = 'gzip' | 'bzip2' | 'xz' | 'zstd'
export type ArchiveFormat =
  | { readonly kind: 'tar' }
  | { readonly kind: 'zip' }
  /** A tar or a single file: known when it is unpacked. */
  | { readonly kind: 'packed'; readonly packing: Packing }
  | { readonly kind: 'file' }

export const headBytes = 1024

const packings: readonly (readonly [Packing, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b, 0x08]],
  ['bzip2', [0x42, 0x5a, 0x68]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
]
const zips: readonly (readonly number[])[] = [
  [0x50, 0x4b, 0x03, 0x04],
  [0x50, 0x4b, 0x05, 0x06], // an empty one
  [0x50, 0x4b, 0x30, 0x30, 0x50, 0x4b, 0x03, 0x04], // once meant to span disks
]
const unsupported: readonly (readonly [string, readonly number[]])[] = [
  ['7z', [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c]],
  ['rar', [0x52, 0x61, 0x72, 0x21, 0x1a, 0x07]],
  ['compress (.Z)', [0x1f, 0x9d]],
  ['lzip', [0x4c, 0x5a, 0x49, 0x50, 0x01]],
]
/** Archives that are run or installed as they are. */
const staysWhole = /\.(jar|war|ear|aar|apk|whl|nupkg|vsix|gem|phar)$/i
const namedTar = /\.(tar|tgz|tbz2?|txz|tzst)$|\.tar\.[a-z0-9]+$/i
const namedZip = /\.zip$/i

/** Throws ARCHIVE_REFUSED for an archive that cannot be unpacked, and for a name that promises one where there is none. */
export async function archiveFormat(path: string, name: string): Promise<ArchiveFormat> {
  const head = await headOf(path)
  if (head.length === 0) throw refusedArchive('it is empty (0 bytes)')
  if (staysWhole.test(name)) return { kind: 'file' }
  if (zips.some((magic) => beginsWith(head, magic))) return { kind: 'zip' }
  const packing = packings.find(([, magic]) => beginsWith(head, magic))?.[0]
  if (packing !== undefined) return { kind: 'packed', packing }
  if (isTar(head)) return { kind: 'tar' }
  const other = unsupported.find(([, magic]) => beginsWith(head, magic))?.[0]
  if (other !== undefined) {
    throw refusedArchive(`it is a ${other} archive, which is not supported`, {
      hint: 'Publish a .tar.gz or a .zip.',
    })
  }
  if (namedTar.test(name) || namedZip.test(name)) {
    throw refusedArchive(`its name promises an archive, but its first bytes are none: ${beginningOf(head)}`)
  }
  return { kind: 'file' }
}

/** Whether unpacked bytes begin a tar archive; `head` has two blocks of it, where there are so many. */
export function isTar(head: Buffer): boolean {
  if (head.length < 512) return false
  const first = head.subarray(0, 512)
  if (isTarHeader(first)) return true
  return head.length >= 1024 && isZeroBlock(first) && isZeroBlock(head.subarray(512, 1024))
}

/** Whether the name says that a tar archive is in it, so that anything else in it is damage. */
export function promisesTar(name: string): boolean {
  return namedTar.test(name)
}

function beginsWith(head: Buffer, magic: readonly number[]): boolean {
  return magic.every((byte, at) => head[at] === byte)
}

async function headOf(path: string): Promise<Buffer> {
  const handle = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(headBytes), 0, headBytes, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

/** The first bytes for people: as text when they are, or as numbers. */
function beginningOf(head: Buffer): string {
  const start = head.subarray(0, 24)
  const isText = start.every((byte) => byte >= 0x20 && byte < 0x7f)
  return isText ? JSON.stringify(start.toString('latin1')) : start.subarray(0, 8).toString('hex')
}
