/**
 * Small files as a tar archive, made in memory, for the engine to unpack into a container: an archive on disk would be
 * a copy of the secrets. Only what a file needs of the format; folders on the way are made by the engine.
 */
const block = 512
/** A longer path would need an extension of the format. */
const longestPath = 100

export interface SecretFile {
  /** Absolute. */
  readonly path: string
  readonly text: string
  readonly owner: { readonly user: number; readonly group: number }
}

export function secretArchive(files: readonly SecretFile[]): Buffer {
  const parts = files.flatMap(({ path, text, owner }) => {
    const content = Buffer.from(text)
    const name = Buffer.from(path.replace(/^\/+/, ''))
    if (name.length > longestPath) throw new RangeError(`${path} is longer than ${longestPath} bytes`)
    const padding = Buffer.alloc((block - (content.length % block)) % block)
    return [header(name, content.length, owner), content, padding]
  })
  return Buffer.concat([...parts, Buffer.alloc(2 * block)])
}

function header(name: Buffer, size: number, owner: SecretFile['owner']): Buffer {
  const bytes = Buffer.alloc(block)
  name.copy(bytes)
  const octal = (at: number, digits: number, value: number): void => {
    bytes.write(value.toString(8).padStart(digits, '0'), at, 'latin1')
  }
  octal(100, 7, 0o400)
  octal(108, 7, owner.user)
  octal(116, 7, owner.group)
  octal(124, 11, size)
  octal(136, 11, 0)
  bytes.fill(' ', 148, 156)
  bytes.write('0', 156, 'latin1')
  bytes.write('ustar\u000000', 257, 'latin1')
  octal(
    148,
    6,
    bytes.reduce((sum, byte) => sum + byte, 0),
  )
  bytes[154] = 0
  return bytes
}
