/**
 * Reading checksum files: `sha256sum` lines (`<hex>  name`, `<hex> *name`), BSD lines (`SHA256 (name) = <hex>`), and a
 * file that holds nothing but the digits. Pure, and apart because indexes are often such files too.
 */

export interface ChecksumLine {
  /** 64 hexadecimal digits in lower case. */
  readonly sha256: string
  /** Null where the line has only the digits. */
  readonly file: string | null
}

export function readChecksumLine(line: string): ChecksumLine | null {
  const bsd = /^SHA256 ?\((.+)\) ?= ?([0-9a-f]{64})$/i.exec(line.trim())
  if (bsd !== null) return { sha256: (bsd[2] ?? '').toLowerCase(), file: bsd[1] ?? null }
  const plain = /^\\?([0-9a-f]{64})(?:[ \t]+\*?(.+))?$/i.exec(line.trim())
  if (plain === null) return null
  return { sha256: (plain[1] ?? '').toLowerCase(), file: plain[2] ?? null }
}

/** The digits for a file: of the line that names it (folders do not count), or of the only line when that names none. */
export function checksumFor(text: string, file: string): string | null {
  const lines = text.split('\n').flatMap((line) => readChecksumLine(line) ?? [])
  const named = lines.find((line) => line.file?.replace(/^.*\//, '') === file)
  const only = lines.length === 1 && lines[0]?.file === null ? lines[0] : undefined
  return (named ?? only)?.sha256 ?? null
}
