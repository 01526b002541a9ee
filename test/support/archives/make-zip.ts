/** Zip archives byte by byte, honest or not: their directory may say other things than what stands before the content. */
import { crc32, deflateRawSync } from 'node:zlib'

export interface ZipPart {
  readonly name: string
  readonly content?: string | Buffer
  /** With the type: 0o100644 for a file, 0o120777 for a link, 0o040755 for a folder. */
  readonly mode?: number
  /** System it was made on: 3 Unix (unless given), 0 DOS. */
  readonly maker?: number
  readonly deflate?: boolean
  readonly flags?: number
  readonly method?: number
  /** Lies. */
  readonly claimedSize?: number
  readonly localName?: string
  readonly checksum?: number
  readonly headerAt?: number
  /** Left out of the directory. */
  readonly hidden?: boolean
  /** Bytes between this entry and the next. */
  readonly gap?: Buffer
  /** Sizes stand after the content. */
  readonly descriptor?: boolean
}

export function makeZip(...parts: readonly ZipPart[]): Buffer {
  const bodies: Buffer[] = []
  const directory: Buffer[] = []
  let at = 0
  for (const part of parts) {
    const { local, central } = zipPart(part, at)
    bodies.push(local)
    at += local.length
    if (part.hidden !== true) directory.push(central)
  }
  const central = Buffer.concat(directory)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(directory.length, 8)
  end.writeUInt16LE(directory.length, 10)
  end.writeUInt32LE(central.length, 12)
  end.writeUInt32LE(at, 16)
  return Buffer.concat([...bodies, central, end])
}

function zipPart(part: ZipPart, at: number): { local: Buffer; central: Buffer } {
  const content = Buffer.from(part.content ?? '')
  const packed = part.deflate === true ? deflateRawSync(content) : content
  const name = Buffer.from(part.name)
  const localName = Buffer.from(part.localName ?? part.name)
  const flags = (part.flags ?? 0) | (part.descriptor === true ? 8 : 0)
  const method = part.method ?? (part.deflate === true ? 8 : 0)
  const sum = part.checksum ?? crc32(content)
  const size = part.claimedSize ?? content.length
  const facts = (buffer: Buffer, from: number, known: boolean): void => {
    buffer.writeUInt16LE(20, from)
    buffer.writeUInt16LE(flags, from + 2)
    buffer.writeUInt16LE(method, from + 4)
    buffer.writeUInt16LE(0x6000, from + 6) // 12:00:00
    buffer.writeUInt16LE(0x5721, from + 8) // 2023-09-01
    if (!known) return
    buffer.writeUInt32LE(sum, from + 10)
    buffer.writeUInt32LE(packed.length, from + 14)
    buffer.writeUInt32LE(size, from + 18)
  }
  const local = Buffer.alloc(30)
  local.writeUInt32LE(0x04034b50, 0)
  facts(local, 4, part.descriptor !== true)
  local.writeUInt16LE(localName.length, 26)
  const descriptor = Buffer.alloc(part.descriptor === true ? 16 : 0)
  if (part.descriptor === true) {
    descriptor.writeUInt32LE(0x08074b50, 0)
    descriptor.writeUInt32LE(sum, 4)
    descriptor.writeUInt32LE(packed.length, 8)
    descriptor.writeUInt32LE(size, 12)
  }
  const central = Buffer.alloc(46)
  central.writeUInt32LE(0x02014b50, 0)
  central.writeUInt16LE(((part.maker ?? 3) << 8) | 20, 4)
  facts(central, 6, true)
  central.writeUInt16LE(name.length, 28)
  central.writeUInt32LE((((part.mode ?? 0o100644) << 16) | (part.name.endsWith('/') ? 0x10 : 0)) >>> 0, 38)
  central.writeUInt32LE(part.headerAt ?? at, 42)
  return {
    local: Buffer.concat([local, localName, packed, descriptor, part.gap ?? Buffer.alloc(0)]),
    central: Buffer.concat([central, name]),
  }
}
