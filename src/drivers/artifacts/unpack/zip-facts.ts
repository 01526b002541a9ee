/**
 * What one entry of a zip directory means: its name in one of three encodings, its mode on one of many systems, its
 * time in one of three forms. Apart from reading, because these are pure rules, the same that unzip goes by.
 */
import { isUtf8 } from 'node:buffer'
import type { Entry } from 'yauzl'
import type { ArchiveEntry } from './archive-entry.js'
import { refusedEntry } from './refusal.js'

export interface ZipFacts {
  readonly name: string
  readonly rawName: Buffer
  readonly kind: ArchiveEntry['kind']
  /** What a special entry is. */
  readonly special: string
  readonly mode: number
  readonly mtimeMs: number
  readonly method: 'stored' | 'deflated'
  readonly packed: number
  readonly size: number
  readonly checksum: number
  readonly headerAt: number
}

/** Systems that wrote the archive and keep Unix modes in it. */
const unixMakers = new Set([3, 19])

export function zipFacts(entry: Entry, decode: Decode): ZipFacts {
  const fromUnix = unixMakers.has(entry.versionMadeBy >> 8)
  const name = nameOf(entry, fromUnix, decode)
  if (entry.isEncrypted()) throw refusedEntry(name, 'is encrypted')
  const method = methods[entry.compressionMethod]
  if (method === undefined) {
    throw refusedEntry(name, `is compressed by method ${entry.compressionMethod}, which is not supported`)
  }
  const unixMode = fromUnix ? entry.externalFileAttributes >>> 16 : 0
  const looksLikeFolder = name.endsWith('/') || (!fromUnix && (entry.externalFileAttributes & 0x10) !== 0)
  const type = unixMode & 0o170000
  const kind = types[type] ?? 'special'
  const actual = kind === 'file' && looksLikeFolder ? 'folder' : kind
  return {
    name,
    rawName: entry.fileNameRaw,
    kind: actual,
    special: specials[type] ?? 'of an unknown type',
    mode: (unixMode & 0o7777) === 0 ? (actual === 'folder' ? 0o755 : 0o644) : unixMode & 0o7777,
    mtimeMs: entry.getLastModDate().getTime(),
    method,
    packed: entry.compressedSize,
    size: entry.uncompressedSize,
    checksum: entry.crc32,
    headerAt: entry.relativeOffsetOfLocalHeader,
  }
}

const methods: { readonly [method: number]: ZipFacts['method'] } = { 0: 'stored', 8: 'deflated' }
const types: { readonly [type: number]: ZipFacts['kind'] } = {
  0: 'file',
  0o100000: 'file',
  0o040000: 'folder',
  0o120000: 'symlink',
}
const specials: { readonly [type: number]: string } = {
  0o010000: 'a named pipe',
  0o020000: 'a character device',
  0o060000: 'a block device',
  0o140000: 'a socket',
}

/** yauzl's own: by the UTF-8 flag, by the Unicode extra field, or by code page 437. */
export type Decode = (
  flags: number,
  name: Buffer,
  extraFields: Entry['extraFields'],
  strict: boolean,
) => string

function nameOf(entry: Entry, fromUnix: boolean, decode: Decode): string {
  // on Unix names are what their bytes are, and a backslash is a letter; unzip does the same
  if (fromUnix && isUtf8(entry.fileNameRaw)) return entry.fileNameRaw.toString('utf8')
  const name = decode(entry.generalPurposeBitFlag, entry.fileNameRaw, entry.extraFields, true)
  return fromUnix ? name : name.replaceAll('\\', '/')
}
