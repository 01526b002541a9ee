/** Minisign's two little text formats, a key and a signature, read strictly. Pure. */

export interface MinisignKey {
  /** As minisign shows it: 16 hexadecimal digits. */
  readonly id: string
  /** The raw Ed25519 key. */
  readonly bytes: Buffer
}

export interface MinisignSignature {
  readonly keyId: string
  /** Whether it is over the BLAKE2b hash of the file (`ED`), not over the file itself (`Ed`, the old kind). */
  readonly prehashed: boolean
  readonly bytes: Buffer
  readonly trustedComment: string
  /** Over the signature and the trusted comment. */
  readonly globalBytes: Buffer
}

/** The text of minisign.pub, or its second line alone. Null when it is neither. */
export function readMinisignKey(text: string): MinisignKey | null {
  const lines = linesOf(text)
  const raw = decode(lines[0]?.startsWith('untrusted comment:') === true ? lines[1] : lines[0], 42)
  if (raw === null || raw.toString('latin1', 0, 2) !== 'Ed') return null
  return { id: idOf(raw), bytes: raw.subarray(10) }
}

export function readMinisignSignature(text: string): MinisignSignature | null {
  const [untrusted = '', signed, trusted = '', global, ...more] = linesOf(text)
  const [raw, globalBytes] = [decode(signed, 74), decode(global, 64)]
  const comment = /^trusted comment: (.*)$/.exec(trusted)?.[1]
  if (!untrusted.startsWith('untrusted comment:') || comment === undefined || more.length > 0) return null
  if (raw === null || globalBytes === null) return null
  const algorithm = raw.toString('latin1', 0, 2)
  if (algorithm !== 'ED' && algorithm !== 'Ed') return null
  return {
    keyId: idOf(raw),
    prehashed: algorithm === 'ED',
    bytes: raw.subarray(10),
    trustedComment: comment,
    globalBytes,
  }
}

function linesOf(text: string): readonly string[] {
  const lines = text.split('\n').map((line) => line.replace(/\r$/, ''))
  while (lines.at(-1) === '') lines.pop()
  return lines
}

/** Exactly so many bytes of base64, or null. */
function decode(text: string | undefined, bytes: number): Buffer | null {
  if (text === undefined) return null
  const raw = Buffer.from(text, 'base64')
  return raw.length === bytes && raw.toString('base64') === text ? raw : null
}

/** The number is stored with its lowest byte first. */
function idOf(raw: Buffer): string {
  return Buffer.from(raw.subarray(2, 10)).reverse().toString('hex').toUpperCase()
}
