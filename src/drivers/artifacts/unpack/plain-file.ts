/** A release that is one file: a program, a script, a .jar, or one of these compressed by itself (`tool.gz`). */
import type { ArchiveEntry, Piece } from './archive-entry.js'
import type { ByteReader } from './byte-reader.js'

/** Programs of Linux, macOS and Windows, and scripts. `cafebabe` is not here: it is Java's as well. */
const programs: readonly (readonly number[])[] = [
  [0x7f, 0x45, 0x4c, 0x46],
  [0xfe, 0xed, 0xfa, 0xce],
  [0xfe, 0xed, 0xfa, 0xcf],
  [0xce, 0xfa, 0xed, 0xfe],
  [0xcf, 0xfa, 0xed, 0xfe],
  [0x4d, 0x5a],
  [0x23, 0x21],
]

/** An entry of unknown length, whose mode is read from its beginning; its size is known when it has been read. */
export async function plainEntry(name: string, reader: ByteReader): Promise<ArchiveEntry> {
  const head = Buffer.from(await reader.peek(4))
  const isProgram = programs.some((magic) => magic.every((byte, at) => head[at] === byte))
  return {
    name,
    kind: 'file',
    mode: isProgram ? 0o755 : 0o644,
    mtimeMs: null,
    size: null,
    target: '',
    pieces: () => everything(reader),
  }
}

async function* everything(reader: ByteReader): AsyncGenerator<Piece> {
  let offset = 0
  for (let bytes = await reader.some(2 ** 20); bytes !== null; bytes = await reader.some(2 ** 20)) {
    yield { bytes, offset }
    offset += bytes.length
  }
}

/** `tool.gz` → `tool`. */
export function withoutPacking(name: string): string {
  return name.replace(/(?<=.)\.(gz|bz2|xz|zst)$/i, '')
}
