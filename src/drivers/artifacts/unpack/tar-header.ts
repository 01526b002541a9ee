/** One header block of a tar archive as data: ustar, GNU and old Unix forms. Pure, and strict about what it accepts. */
import { isUtf8 } from 'node:buffer'
import { refusedArchive, refusedEntry } from './refusal.js'

export const blockBytes = 512

export interface TarHeader {
  /** As bytes: a name that goes on in an extended header may be cut in the middle of a letter here. */
  readonly name: Buffer
  /** One character: `0` file, `1` hard link, `2` symbolic link, `5` folder … */
  readonly type: string
  readonly mode: number
  readonly size: number
  readonly mtimeMs: number
  readonly target: Buffer
}

export function isZeroBlock(block: Buffer): boolean {
  return block[0] === 0 && block.every((byte) => byte === 0)
}

/** Whether the block is a header at all: its checksum says so, as the sum of signed or unsigned bytes. */
export function isTarHeader(block: Buffer): boolean {
  const sum = octal(block, 148, 8)
  if (sum === null || isZeroBlock(block)) return false
  let unsigned = 8 * 0x20
  let signed = unsigned
  for (let at = 0; at < blockBytes; at++) {
    if (at >= 148 && at < 156) continue
    const byte = block[at] ?? 0
    unsigned += byte
    signed += byte > 127 ? byte - 256 : byte
  }
  return sum === unsigned || sum === signed
}

export function parseTarHeader(block: Buffer): TarHeader {
  if (!isTarHeader(block)) throw refusedArchive('it is damaged: the header of an entry has a wrong checksum')
  const magic = block.toString('latin1', 257, 265)
  const prefix = magic === 'ustar\x0000' ? untilNul(block.subarray(345, 500)) : Buffer.alloc(0)
  const own = untilNul(block.subarray(0, 100))
  const name = prefix.length === 0 ? own : Buffer.concat([prefix, Buffer.from('/'), own])
  const type = block.toString('latin1', 156, 157).replace('\0', '0')
  const size = tarNumber(block, 124, 12)
  if (size === null || size < 0) throw refusedEntry(name.toString('latin1'), 'has no size that makes sense')
  return {
    name,
    type: type === '0' && name.at(-1) === 0x2f ? '5' : type,
    mode: (tarNumber(block, 100, 8) ?? 0o644) & 0o7777,
    size,
    mtimeMs: (tarNumber(block, 136, 12) ?? 0) * 1000,
    target: untilNul(block.subarray(157, 257)),
  }
}

export function untilNul(field: Buffer): Buffer {
  const end = field.indexOf(0)
  return end === -1 ? field : field.subarray(0, end)
}

/** Bytes that are not UTF-8 could mean two names to two programs. */
export function utf8(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw refusedEntry(bytes.toString('latin1'), 'has a name that is not UTF-8')
  return bytes.toString('utf8')
}

/** Octal digits, or (first bit set) a big-endian number in two's complement. Null: neither. */
export function tarNumber(block: Buffer, at: number, length: number): number | null {
  const first = block[at] ?? 0
  if ((first & 0x80) === 0) return octal(block, at, length)
  let value = first & 0x40 ? -1 : 0
  for (let index = 0; index < length; index++) {
    const byte = index === 0 ? first & 0x7f : (block[at + index] ?? 0)
    value = index === 0 ? (value === -1 ? byte - 128 : byte) : value * 256 + byte
  }
  return Number.isSafeInteger(value) ? value : null
}

function octal(block: Buffer, at: number, length: number): number | null {
  const digits =
    block
      .toString('latin1', at, at + length)
      .split('\0', 1)[0]
      ?.trim() ?? ''
  if (digits === '') return 0
  return /^[0-7]+$/.test(digits) ? parseInt(digits, 8) : null
}
