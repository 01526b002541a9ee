/**
 * Reading checksum files: `sha256sum` lines (`<hex>  name`, `<hex> *name`), BSD lines (`SHA256 (name) = <hex>`), and a
 * file that holds nothing but the digits. Pure, and apart because an index of releases is often such a file too.
 */

export interface ChecksumLine {
  /** As `cksum -a` names it: told by the line in BSD form, else by the number of digits. */
  readonly algorithm: string
  /** Hexadecimal digits in lower case. */
  readonly hex: string
  /** Null where the line has only the digits. */
  readonly file: string | null
}

/** Hexadecimal digits of each algorithm whose name people write, the weak ones too: they are told, never trusted. */
const digitsOf: { readonly [algorithm: string]: number } = {
  md5: 32,
  sha1: 40,
  sha224: 56,
  sha256: 64,
  sha384: 96,
  sha512: 128,
}
const byDigits = new Map(Object.entries(digitsOf).map(([algorithm, digits]) => [digits, algorithm]))

export function readChecksumLine(line: string): ChecksumLine | null {
  const bsd = /^(\\?)([A-Z0-9-]+) ?\((.+)\) ?= ?([0-9a-f]+)$/i.exec(line.trim())
  if (bsd !== null) {
    const [, escaped = '', name = '', file = '', hex = ''] = bsd
    const algorithm = name.toLowerCase().replace(/^sha2?-(?=[0-9]{3})/, 'sha')
    if (digitsOf[algorithm] !== undefined && digitsOf[algorithm] !== hex.length) return null
    return { algorithm, hex: hex.toLowerCase(), file: escaped === '' ? file : unescaped(file) }
  }
  const plain = /^(\\?)([0-9a-f]{32,128})(?:[ \t]+\*?(.+))?$/i.exec(line.trim())
  if (plain === null) return null
  const [, escaped = '', hex = '', file] = plain
  const algorithm = byDigits.get(hex.length)
  if (algorithm === undefined) return null
  const name = file === undefined ? null : escaped === '' ? file : unescaped(file)
  return { algorithm, hex: hex.toLowerCase(), file: name }
}

/** What the tools write for names with a backslash or a line end in them. */
function unescaped(name: string): string {
  return name.replace(/\\([\\nr])/g, (_, sign: string) => ({ n: '\n', r: '\r' })[sign] ?? '\\')
}

/**
 * The lines about a file: those that name it (folders do not count), or the only line when that names none. One file
 * may have a line for each of several algorithms.
 */
export function linesFor(text: string, file: string): readonly ChecksumLine[] {
  const lines = text.split('\n').flatMap((line) => readChecksumLine(line) ?? [])
  const named = lines.filter((line) => line.file?.replace(/^.*\//, '') === file)
  if (named.length > 0) return named
  return lines.length === 1 && lines[0]?.file === null ? lines : []
}

/** The SHA-256 digits for a file, or null. */
export function checksumFor(text: string, file: string): string | null {
  return linesFor(text, file).find(({ algorithm }) => algorithm === 'sha256')?.hex ?? null
}
