/** OpenPGP in ASCII armor, back to bytes: gpgv wants keyrings without it, and people export them with it. Pure. */

/** The bytes of all blocks of this kind, in order; null when the text has none. A checksum line is not looked at. */
export function dearmored(bytes: Buffer, kind: string): Buffer | null {
  const text = bytes.toString('latin1')
  const block = new RegExp(`-----BEGIN ${kind}-----\r?\n([^]*?)-----END ${kind}-----`, 'g')
  const bodies = [...text.matchAll(block)].map((match) => match[1] ?? '')
  if (bodies.length === 0) return null
  return Buffer.concat(bodies.map(bodyBytes))
}

/** Headers end with an empty line; the checksum at the end begins with `=`. */
function bodyBytes(body: string): Buffer {
  const lines = body.split(/\r?\n/)
  const blank = lines.findIndex((line) => line.trim() === '')
  const data = lines.slice(blank + 1).filter((line) => !line.startsWith('='))
  return Buffer.from(data.join(''), 'base64')
}
