/**
 * Files with holes, in the four ways GNU tar has written them: where their data belongs, and how large they are in the
 * end. The tar package leaves one of these ways out silently, and unpacks another as a file of another content.
 */
import type { ByteReader } from './byte-reader.js'
import type { Piece } from './archive-entry.js'
import type { PaxRecords } from './pax-records.js'
import { refusedEntry } from './refusal.js'
import { blockBytes, tarNumber } from './tar-header.js'

interface Extent {
  readonly offset: number
  readonly bytes: number
}

export interface SparseFile {
  /** Null: the map stands before the data. */
  readonly extents: readonly Extent[] | null
  /** With its holes. */
  readonly size: number
  /** Its real name, where the header has a made-up one. */
  readonly name: string | null
}

/** Of type `S`: the map begins in the header and goes on in blocks after it, which are read here. */
export async function oldSparse(header: Buffer, name: string, reader: ByteReader): Promise<SparseFile> {
  const size = tarNumber(header, 483, 12)
  const extents: Extent[] = []
  const take = (block: Buffer, at: number, count: number): void => {
    for (let index = 0; index < count; index++) {
      const offset = tarNumber(block, at + index * 24, 12)
      const bytes = tarNumber(block, at + index * 24 + 12, 12)
      if (offset === null || bytes === null)
        throw refusedEntry(name, 'has a map of its holes that makes no sense')
      if (offset > 0 || bytes > 0) extents.push({ offset, bytes })
    }
  }
  take(header, 386, 4)
  for (let more = header[482] === 1; more;) {
    const block = await reader.exactly(blockBytes)
    take(block, 0, 21)
    more = block[504] === 1
    if (extents.length > 1_000_000) throw refusedEntry(name, 'has more than a million holes')
  }
  return checked({ extents, size: size ?? -1, name: null }, name)
}

/** By pax records, in one of three forms; null when they say nothing of holes. */
export function paxSparse(records: PaxRecords, name: string): SparseFile | null {
  const ours = records.filter(([key]) => key.startsWith('GNU.sparse.'))
  if (ours.length === 0) return null
  const last = (key: string): string | null =>
    ours.findLast(([own]) => own === `GNU.sparse.${key}`)?.[1].toString() ?? null
  const size = Number(last('realsize') ?? last('size') ?? NaN)
  const numbers =
    last('map')?.split(',').map(Number) ??
    ours.filter(([key]) => /\.(offset|numbytes)$/.test(key)).map(([, value]) => Number(value.toString()))
  const inData = last('major') === '1'
  return checked({ extents: inData ? null : pairs(numbers), size, name: last('name') }, name)
}

function pairs(numbers: readonly number[]): Extent[] {
  const extents: Extent[] = []
  for (let at = 0; at < numbers.length; at += 2) {
    extents.push({ offset: numbers[at] ?? NaN, bytes: numbers[at + 1] ?? NaN })
  }
  return extents
}

function checked(sparse: SparseFile, name: string): SparseFile {
  let end = 0
  for (const { offset, bytes } of sparse.extents ?? []) {
    if (!(offset >= end && bytes >= 0 && offset + bytes <= sparse.size)) end = NaN
    else end = offset + bytes
  }
  if (!Number.isSafeInteger(sparse.size) || sparse.size < 0 || Number.isNaN(end)) {
    throw refusedEntry(name, 'has a map of its holes that makes no sense')
  }
  return sparse
}

/** The pieces of the file, from `stored` bytes of data that the reader stands before. */
export async function* sparsePieces(
  sparse: SparseFile,
  stored: number,
  name: string,
  reader: Pick<ByteReader, 'some' | 'exactly'>,
): AsyncGenerator<Piece> {
  let left = stored
  let extents = sparse.extents
  if (extents === null) {
    const map = await mapInData(stored, name, reader)
    left -= map.bytes
    extents = checked({ ...sparse, extents: map.extents }, name).extents ?? []
  }
  if (extents.reduce((sum, extent) => sum + extent.bytes, 0) !== left) {
    throw refusedEntry(name, 'has a map of its holes that does not fit its data')
  }
  for (const extent of extents) {
    for (let done = 0; done < extent.bytes;) {
      const bytes = await reader.some(extent.bytes - done)
      if (bytes === null) return // the reader's caller notices that data is missing
      yield { bytes, offset: extent.offset + done }
      done += bytes.length
    }
  }
}

/** Decimal numbers, a line each: how many, then offsets and sizes; filled up to a whole block. */
async function mapInData(
  stored: number,
  name: string,
  reader: Pick<ByteReader, 'exactly'>,
): Promise<{ readonly extents: readonly Extent[]; readonly bytes: number }> {
  const numbers: number[] = []
  let rest = ''
  let bytes = 0
  for (;;) {
    if (bytes + blockBytes > stored || bytes > 64 * 2 ** 20) {
      throw refusedEntry(name, 'has a map of its holes that does not fit its data')
    }
    const lines = (rest + (await reader.exactly(blockBytes)).toString('latin1')).split('\n')
    bytes += blockBytes
    rest = lines.pop() ?? ''
    for (const line of lines) numbers.push(/^\d+$/.test(line) ? Number(line) : NaN)
    const wanted = 1 + 2 * (numbers[0] ?? NaN)
    if (numbers.length >= 1 && Number.isNaN(wanted))
      throw refusedEntry(name, 'has a map of its holes that makes no sense')
    if (numbers.length >= wanted) return { extents: pairs(numbers.slice(1, wanted)), bytes }
  }
}
