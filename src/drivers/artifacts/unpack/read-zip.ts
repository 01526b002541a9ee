/**
 * Reads a zip archive entry by entry: its directory by yauzl, its content by ourselves, because yauzl checks neither
 * the checksums nor that what the directory says is what stands before the content. Programs that read from the front
 * and programs that read from the back must see the same archive, or it is refused.
 */
import { open, type FileHandle } from 'node:fs/promises'
import { createReadStream, readSync } from 'node:fs'
import { pipeline, type Readable } from 'node:stream'
import { crc32, createInflateRaw, inflateRawSync } from 'node:zlib'
import { systemCodeOf } from '../../../base/deploy-error.js'
import { formatSize } from '../../../base/size.js'
import type { ArchiveEntry, Piece } from './archive-entry.js'
import { noPieces } from './archive-entry.js'
import { closed } from './byte-stream.js'
import { ratioMattersFromBytes, type UnpackLimits } from './limits.js'
import { refusedArchive, refusedEntry } from './refusal.js'
import { zipDirectory } from './zip-directory.js'
import type { ZipFacts } from './zip-facts.js'

const chunkBytes = 2 ** 20
const localHeaderBytes = 30
const localHeaderSignature = 0x04034b50

export async function* readZip(path: string, limits: UnpackLimits): AsyncGenerator<ArchiveEntry> {
  const handle = await open(path, 'r')
  try {
    const all = await zipDirectory(handle, limits)
    const { size } = await handle.stat()
    refuseBomb(all, size, limits)
    let end = 0
    for (const facts of all) {
      const dataAt = assertHeader(handle, facts, end)
      end = dataAt + facts.packed
      if (end > size) throw refusedEntry(facts.name, 'goes on after the end of the archive')
      const target = facts.kind === 'symlink' ? await linkTarget(handle, path, facts, dataAt) : facts.special
      yield {
        name: facts.name,
        kind: facts.kind,
        mode: facts.mode,
        mtimeMs: facts.mtimeMs,
        size: facts.kind === 'file' ? facts.size : 0,
        target,
        pieces: () => (facts.kind === 'file' ? content(handle, path, facts, dataAt) : noPieces()),
      }
    }
  } finally {
    await handle.close()
  }
}

function refuseBomb(all: readonly ZipFacts[], size: number, limits: UnpackLimits): void {
  const total = all.reduce((sum, facts) => sum + facts.size, 0)
  if (total > limits.totalBytes)
    throw refusedArchive(`it unpacks to more than ${formatSize(limits.totalBytes)}`)
  if (total > ratioMattersFromBytes && total > limits.ratio * size) {
    throw refusedArchive(
      `it unpacks to more than ${limits.ratio} times its size, as archives made to fill disks do`,
    )
  }
}

/** Where the content begins. What stands there must be what the directory says, and nothing else before it. */
function assertHeader(handle: FileHandle, facts: ZipFacts, previousEnd: number): number {
  if (facts.headerAt < previousEnd) throw refusedEntry(facts.name, 'overlaps with another entry')
  refuseHidden(handle, previousEnd, facts.headerAt)
  const header = readAt(handle, facts.headerAt, localHeaderBytes + facts.rawName.length)
  if (header.length < localHeaderBytes || header.readUInt32LE(0) !== localHeaderSignature) {
    throw refusedEntry(facts.name, 'is not where the directory of the archive says')
  }
  const [nameLength, extraLength] = [header.readUInt16LE(26), header.readUInt16LE(28)]
  if (nameLength !== facts.rawName.length || !header.subarray(localHeaderBytes).equals(facts.rawName)) {
    throw refusedEntry(facts.name, 'has another name before its content than in the directory of the archive')
  }
  return facts.headerAt + localHeaderBytes + nameLength + extraLength
}

/** Between entries there may be data descriptors and padding, but not an entry that the directory does not know. */
function refuseHidden(handle: FileHandle, from: number, to: number): void {
  if (to - from < localHeaderBytes) return
  const gap = readAt(handle, from, Math.min(to - from, chunkBytes))
  const signature = Buffer.from([0x50, 0x4b, 0x03, 0x04])
  if (gap.includes(signature)) throw refusedArchive('it holds an entry that its directory does not know')
}

/** Synchronous, like all small things here: an archive of 10,000 files takes a quarter of the time. */
function readAt(handle: FileHandle, position: number, length: number): Buffer {
  const buffer = Buffer.allocUnsafe(length)
  return buffer.subarray(0, readSync(handle.fd, buffer, 0, length, position))
}

async function linkTarget(
  handle: FileHandle,
  path: string,
  facts: ZipFacts,
  dataAt: number,
): Promise<string> {
  if (facts.size > 4096) throw refusedEntry(facts.name, 'is a link with a target of more than 4096 bytes')
  const parts: Uint8Array[] = []
  for await (const piece of content(handle, path, facts, dataAt)) parts.push(Buffer.from(piece.bytes))
  return Buffer.concat(parts).toString('utf8')
}

/** The content, held against its size and checksum. */
async function* content(
  handle: FileHandle,
  path: string,
  facts: ZipFacts,
  dataAt: number,
): AsyncGenerator<Piece> {
  let offset = 0
  let sum = 0
  const unpacked =
    facts.packed <= chunkBytes && facts.size <= chunkBytes
      ? small(handle, facts, dataAt)
      : large(path, facts, dataAt)
  try {
    for await (const bytes of unpacked) {
      if (offset + bytes.length > facts.size) throw refusedEntry(facts.name, 'is larger than it claims to be')
      sum = crc32(bytes, sum)
      yield { bytes, offset }
      offset += bytes.length
    }
  } catch (error) {
    const code = systemCodeOf(error)
    if (code !== 'ERR_BUFFER_TOO_LARGE' && code?.startsWith('Z_') !== true) throw error
    throw refusedEntry(facts.name, `is damaged, or larger than it claims to be (${code})`)
  }
  if (offset !== facts.size || sum !== facts.checksum) {
    throw refusedEntry(facts.name, 'is damaged: its checksum or its size is wrong')
  }
}

function* small(handle: FileHandle, facts: ZipFacts, dataAt: number): Generator<Buffer> {
  const packed = readAt(handle, dataAt, facts.packed)
  if (facts.size === 0 && facts.packed === 0) return
  yield facts.method === 'stored'
    ? packed
    : inflateRawSync(packed, { maxOutputLength: Math.max(facts.size, 1) })
}

async function* large(path: string, facts: ZipFacts, dataAt: number): AsyncGenerator<Buffer> {
  if (facts.packed === 0) return
  const input = createReadStream(path, {
    start: dataAt,
    end: dataAt + facts.packed - 1,
    highWaterMark: chunkBytes,
  })
  // what fails is told to whoever reads the output
  const output: Readable =
    facts.method === 'stored'
      ? input
      : pipeline(input, createInflateRaw({ chunkSize: chunkBytes }), () => undefined)
  try {
    // streams give any; these give buffers, as no encoding is set
    for await (const chunk of output) yield chunk as Buffer
  } finally {
    await closed(input, output)
  }
}
