/**
 * Packs a folder into one compressed tar archive that every tar unpacks, BusyBox's included: the old GNU form, which
 * has room for long names, large files and nothing that has to be understood. The same folder gives the same bytes.
 */
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type { TreeEntry } from './tree-manifest.js'
import { blockBytes } from './unpack/tar-header.js'

export interface PackedTree {
  readonly bytes: number
  /** Hexadecimal. */
  readonly sha256: string
}

/** The entries are those of the folder. The archive is made anew. */
export async function packTree(
  folder: string,
  entries: readonly TreeEntry[],
  archive: string,
  signal: AbortSignal,
): Promise<PackedTree> {
  const hash = createHash('sha256')
  let bytes = 0
  const meter = new Transform({
    transform(chunk: Buffer, _, done) {
      hash.update(chunk)
      bytes += chunk.length
      done(null, chunk)
    },
  })
  const file = createWriteStream(archive, { flags: 'wx', mode: 0o600 })
  await pipeline(
    inBatches(blocksOf(folder, entries)),
    createGzip({ level: 3, chunkSize: batchBytes }),
    meter,
    file,
    { signal },
  )
  return { bytes, sha256: hash.digest('hex') }
}

/** What is given to the compressor at once: each giving is a trip to another thread. */
const batchBytes = 2 ** 16

async function* inBatches(blocks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let waiting: Buffer[] = []
  let bytes = 0
  for await (const block of blocks) {
    waiting.push(block)
    bytes += block.length
    if (bytes < batchBytes) continue
    yield Buffer.concat(waiting)
    waiting = []
    bytes = 0
  }
  yield Buffer.concat(waiting)
}

/** Read at once: a stream of its own takes ten times as long. */
const smallBytes = 2 ** 20

async function* blocksOf(folder: string, entries: readonly TreeEntry[]): AsyncGenerator<Buffer> {
  for (const entry of entries) {
    if (entry.type === 'folder') yield header({ ...entry, path: `${entry.path}/`, type: '5' })
    else if (entry.type === 'link')
      yield header({ path: entry.path, type: '2', mode: 0o777, target: entry.target })
    else {
      yield header({ ...entry, type: '0' })
      const path = join(folder, entry.path)
      if (entry.size <= smallBytes) yield readFileSync(path)
      else yield* createReadStream(path) as AsyncIterable<Buffer> // no encoding is set
      yield padding(entry.size)
    }
  }
  yield Buffer.alloc(2 * blockBytes)
}

interface Head {
  readonly path: string
  readonly type: string
  readonly mode: number
  readonly size?: number
  readonly mtimeMs?: number
  readonly target?: string
}

const nameBytes = 100

/** What does not fit into a header's fields goes ahead of it, as an entry of its own. */
function header(head: Head): Buffer {
  const name = Buffer.from(head.path)
  const target = Buffer.from(head.target ?? '')
  return Buffer.concat([
    ...(target.length > nameBytes ? longText('K', target) : []),
    ...(name.length > nameBytes ? longText('L', name) : []),
    block(head, name, target),
  ])
}

function longText(type: string, text: Buffer): readonly Buffer[] {
  const content = Buffer.concat([text, Buffer.alloc(1)])
  const head = { path: '', type, mode: 0, size: content.length }
  return [block(head, Buffer.from('././@LongLink'), Buffer.alloc(0)), content, padding(content.length)]
}

function block(head: Head, name: Buffer, target: Buffer): Buffer {
  const bytes = Buffer.alloc(blockBytes)
  name.copy(bytes, 0, 0, nameBytes)
  octal(bytes, 100, 8, head.mode & 0o7777)
  octal(bytes, 108, 8, 0)
  octal(bytes, 116, 8, 0)
  octal(bytes, 124, 12, head.size ?? 0)
  octal(bytes, 136, 12, Math.max(0, Math.floor((head.mtimeMs ?? 0) / 1000)))
  bytes.fill(' ', 148, 156)
  bytes.write(head.type, 156, 'latin1')
  target.copy(bytes, 157, 0, nameBytes)
  bytes.write('ustar  \0', 257, 'latin1')
  const sum = bytes.reduce((total, byte) => total + byte, 0)
  bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return bytes
}

/** Digits, or (first bit set) a big-endian number where the digits would not fit. */
function octal(bytes: Buffer, at: number, length: number, value: number): void {
  const digits = value.toString(8)
  if (digits.length < length) {
    bytes.write(digits.padStart(length - 1, '0'), at, 'latin1')
    return
  }
  bytes.writeBigUInt64BE(BigInt(value), at + length - 8)
  bytes[at] = 0x80
}

function padding(size: number): Buffer {
  return Buffer.alloc((blockBytes - (size % blockBytes)) % blockBytes)
}
