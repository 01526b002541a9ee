/**
 * Reads a tar archive entry by entry.
 *
 * A reader of our own instead of the tar package's Parser, because what it lets pass is what has to be refused here:
 * it skips entries of unknown and sparse types without a word, unpacks pax sparse files as other content, takes pax
 * records by line (so that a value with a line break in it can smuggle in a path), drops whatever follows the end
 * mark, and reports a missing end as a whole archive. The format is small; the strictness is what matters.
 */
import type { ArchiveEntry, Piece } from './archive-entry.js'
import { noPieces } from './archive-entry.js'
import type { ByteReader } from './byte-reader.js'
import { parsePax, type PaxRecords } from './pax-records.js'
import { refusedArchive, refusedEntry } from './refusal.js'
import { blockBytes, isZeroBlock, parseTarHeader, untilNul, utf8, type TarHeader } from './tar-header.js'
import { oldSparse, paxSparse, sparsePieces, type SparseFile } from './tar-sparse.js'

const mostMetaBytes = 2 ** 20

/** What extended headers say of the entry that follows them. */
interface Extension {
  readonly records: PaxRecords
  readonly longName: Buffer | null
  readonly longTarget: Buffer | null
}
const noExtension: Extension = { records: [], longName: null, longTarget: null }

/** `proofOfEnd`: the compression around it proves that the data is whole, so a missing end mark is only untidy. */
export async function* readTar(reader: ByteReader, proofOfEnd: boolean): AsyncGenerator<ArchiveEntry> {
  let globals: PaxRecords = []
  let extension = noExtension
  for (;;) {
    const start = await reader.peek(blockBytes)
    if (start.length === 0 && proofOfEnd) break
    if (start.length === 0) throw refusedArchive('it has no end mark: it may be truncated')
    // a copy: the old sparse form is read again after the reader has gone on
    const block = Buffer.from(await reader.exactly(blockBytes))
    if (isZeroBlock(block)) {
      await assertOnlyZeros(reader)
      break
    }
    const header = parseTarHeader(block)
    if (header.type === 'g') {
      globals = [...globals, ...globalRecords(await metaOf(header, reader))]
    } else if ('xXLK'.includes(header.type)) {
      extension = extended(extension, header.type, await metaOf(header, reader))
    } else if (header.type === 'V') {
      await reader.skip(padded(header.size)) // the name of the volume, for people with tapes
    } else {
      yield* oneEntry(block, header, { ...extension, records: [...globals, ...extension.records] }, reader)
      extension = noExtension
    }
  }
  if (extension !== noExtension) throw refusedArchive('it is damaged: its last entry is missing')
}

function padded(bytes: number): number {
  return Math.ceil(bytes / blockBytes) * blockBytes
}

async function metaOf(header: TarHeader, reader: ByteReader): Promise<Buffer> {
  if (header.size > mostMetaBytes) throw refusedArchive('it has an extended header of more than a megabyte')
  const data = Buffer.from((await reader.exactly(padded(header.size))).subarray(0, header.size))
  return data
}

/** Settings for all that follows. One that renames or resizes every entry is an attack, or nonsense. */
function globalRecords(data: Buffer): PaxRecords {
  const records = parsePax(data)
  const odd = records.find(
    ([key]) => ['path', 'linkpath', 'size'].includes(key) || key.startsWith('GNU.sparse.'),
  )
  if (odd !== undefined) throw refusedArchive(`it sets "${odd[0]}" for all of its entries at once`)
  return records
}

function extended(extension: Extension, type: string, data: Buffer): Extension {
  if (type === 'L') return { ...extension, longName: untilNul(data) }
  if (type === 'K') return { ...extension, longTarget: untilNul(data) }
  return { ...extension, records: [...extension.records, ...parsePax(data)] }
}

/** Yields it, and then goes past what its consumer has not read. */
async function* oneEntry(
  block: Buffer,
  header: TarHeader,
  extension: Extension,
  reader: ByteReader,
): AsyncGenerator<ArchiveEntry> {
  const { size: stored, mtimeMs, target, ...named } = resolved(header, extension)
  const sparse =
    header.type === 'S'
      ? await oldSparse(block, named.name, reader)
      : paxSparse(extension.records, named.name)
  const name = sparse?.name ?? named.name
  const kind = kindOf(header.type, name)
  if (kind !== 'file' && kind !== 'special' && stored > 0) {
    throw refusedEntry(
      name,
      'is a folder or a link with content: programs disagree about where the next entry begins',
    )
  }
  let left = stored
  const counted = countingReader(reader, (bytes) => (left -= bytes))
  yield {
    name,
    kind,
    mode: header.mode,
    mtimeMs,
    size: sparse?.size ?? stored,
    target: kind === 'special' ? (specialNames[header.type] ?? '') : target,
    pieces: () => (kind === 'file' ? filePieces(sparse, stored, name, counted) : noPieces()),
  }
  await reader.skip(left + padded(stored) - stored)
}

type SomeReader = Pick<ByteReader, 'some' | 'exactly'>

function countingReader(reader: ByteReader, took: (bytes: number) => void): SomeReader {
  return {
    async some(most) {
      const bytes = await reader.some(most)
      took(bytes?.length ?? 0)
      return bytes
    },
    async exactly(count) {
      const bytes = await reader.exactly(count)
      took(count)
      return bytes
    },
  }
}

async function* filePieces(
  sparse: SparseFile | null,
  stored: number,
  name: string,
  reader: SomeReader,
): AsyncGenerator<Piece> {
  if (sparse !== null) {
    yield* sparsePieces(sparse, stored, name, reader)
    return
  }
  for (let offset = 0; offset < stored;) {
    const bytes = await reader.some(stored - offset)
    if (bytes === null) return // what is missing is noticed when the rest is skipped
    yield { bytes, offset }
    offset += bytes.length
  }
}

type Resolved = Pick<ArchiveEntry, 'name' | 'target'> & Pick<TarHeader, 'size' | 'mtimeMs'>

/** The header with what was said of it in advance. */
function resolved(header: TarHeader, { records, longName, longTarget }: Extension): Resolved {
  const last = (key: string): Buffer | undefined => records.findLast(([own]) => own === key)?.[1]
  const named = (key: string): Buffer | undefined => {
    const value = last(key)
    return value?.length === 0 ? undefined : value
  }
  const name = utf8(named('path') ?? longName ?? header.name)
  const number = (key: string): number | undefined => {
    const digits = last(key)?.toString('latin1')
    if (digits === undefined || digits === '') return undefined
    if (!/^-?\d+(\.\d*)?$/.test(digits)) throw refusedEntry(name, `has a ${key} that makes no sense`)
    return Number(digits)
  }
  const seconds = number('mtime')
  const size = number('size') ?? header.size
  if (!Number.isSafeInteger(size) || size < 0) throw refusedEntry(name, 'has no size that makes sense')
  return {
    name,
    target: utf8(named('linkpath') ?? longTarget ?? header.target),
    size,
    mtimeMs: seconds === undefined ? header.mtimeMs : seconds * 1000,
  }
}

const specialNames: { readonly [type: string]: string } = {
  '3': 'a character device',
  '4': 'a block device',
  '6': 'a named pipe',
  D: 'part of an incremental backup',
  M: 'the rest of a file that began in another archive',
}

function kindOf(type: string, name: string): ArchiveEntry['kind'] {
  if (type === '1') return 'hardlink'
  if (type === '2') return 'symlink'
  if (type === '5') return 'folder'
  if (type === '0' || type === '7' || type === 'S') return 'file'
  if (type in specialNames) return 'special'
  throw refusedEntry(name, `is of the unknown type ${JSON.stringify(type)}`)
}

/** Some programs stop at the end mark and others go on: what comes after it would be there for some only. */
async function assertOnlyZeros(reader: ByteReader): Promise<void> {
  for (let part = await reader.some(2 ** 20); part !== null; part = await reader.some(2 ** 20)) {
    if (part.some((byte) => byte !== 0)) {
      throw refusedArchive('something comes after its end mark, which may hide entries')
    }
  }
}
