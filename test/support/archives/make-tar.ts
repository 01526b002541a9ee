/** Tar archives byte by byte, honest or not: what no tar program would write has to be made by hand. */

export interface TarPart {
  readonly name: string
  /** `0` file (unless given), `1` hard link, `2` symbolic link, `5` folder, `x` `g` `L` `K` extended … */
  readonly type?: string
  readonly content?: string | Buffer
  /** Instead of the content's length. */
  readonly size?: number
  readonly sizeField?: Buffer
  readonly mode?: number
  readonly mtime?: number
  readonly target?: string
  readonly prefix?: string
  readonly magic?: string
  readonly device?: readonly [number, number]
  /** Added to the right checksum. */
  readonly checksumError?: number
  /** Changes the header before its checksum is made. */
  readonly patch?: (header: Buffer) => void
}

const block = 512

export function tarHeader(part: TarPart): Buffer {
  const header = Buffer.alloc(block)
  const content = Buffer.from(part.content ?? '')
  header.write(part.name, 0, 100, 'utf8')
  header.write(octal(part.mode ?? 0o644, 8), 100)
  header.write(octal(0, 8), 108)
  header.write(octal(0, 8), 116)
  header.write(octal(part.size ?? content.length, 12), 124)
  part.sizeField?.copy(header, 124)
  header.write(octal(part.mtime ?? 1_700_000_000, 12), 136)
  header.write(part.type ?? '0', 156)
  header.write(part.target ?? '', 157, 100, 'utf8')
  header.write(part.magic ?? 'ustar\x0000', 257, 8, 'latin1')
  if (part.device !== undefined) {
    header.write(octal(part.device[0], 8), 329)
    header.write(octal(part.device[1], 8), 337)
  }
  header.write(part.prefix ?? '', 345, 155, 'utf8')
  part.patch?.(header)
  header.fill(0x20, 148, 156)
  const sum = header.reduce((total, byte) => total + byte, 0) + (part.checksumError ?? 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return header
}

function octal(value: number, length: number): string {
  return `${value.toString(8).padStart(length - 1, '0')}\0`
}

export function tarPart(part: TarPart): Buffer {
  const content = Buffer.from(part.content ?? '')
  return Buffer.concat([tarHeader(part), padded(content)])
}

function padded(content: Buffer): Buffer {
  return Buffer.concat([content, Buffer.alloc((block - (content.length % block)) % block)])
}

export const endMark = Buffer.alloc(2 * block)

export function makeTar(...parts: readonly TarPart[]): Buffer {
  return Buffer.concat([...parts.map(tarPart), endMark])
}

/** Extended records for the entry after it. A value may be bytes. */
export function pax(records: { readonly [key: string]: string | Buffer }, type = 'x'): TarPart {
  return { name: 'PaxHeaders/x', type, content: Buffer.concat(Object.entries(records).map(paxRecord)) }
}

function paxRecord([key, value]: [string, string | Buffer]): Buffer {
  const rest = Buffer.concat([
    Buffer.from(` ${key}=`),
    typeof value === 'string' ? Buffer.from(value) : value,
    Buffer.from('\n'),
  ])
  let length = rest.length
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length
  return Buffer.concat([Buffer.from(String(length)), rest])
}
