/**
 * Digests of artifacts: parsed, computed over files, and computed over bytes as they come. Apart from the cache so
 * that whoever verifies anything in this room does it the same way.
 */
import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { DeployError } from '../../base/deploy-error.js'
import { naming } from '../system/file-error.js'

const hexDigits = { sha256: 64, sha512: 128 } as const
export type Algorithm = keyof typeof hexDigits

export interface Digest {
  readonly algorithm: Algorithm
  /** Lower case. */
  readonly hex: string
  /** `sha256:…`. */
  readonly text: string
}

/** Throws DeployError SOURCE_GARBAGE for anything but `sha256:` or `sha512:` and as many hex digits as it takes. */
export function parseDigest(text: string): Digest {
  const [algorithm = '', hex = ''] = text.toLowerCase().split(':', 2)
  if (isAlgorithm(algorithm) && hex.length === hexDigits[algorithm] && /^[0-9a-f]+$/.test(hex)) {
    return { algorithm, hex, text: `${algorithm}:${hex}` }
  }
  throw new DeployError('SOURCE_GARBAGE', `"${text.slice(0, 160)}" is no digest that can be verified`, {
    hint: 'The source must give sha256: or sha512: and the hexadecimal digits.',
  })
}

function isAlgorithm(name: string): name is Algorithm {
  return name in hexDigits
}

/** Takes bytes while they pass by, and knows how many it has seen without a gap. */
export class RunningDigest {
  readonly #algorithm: Algorithm
  #hash: Hash
  #seen = 0

  constructor(algorithm: Algorithm) {
    this.#algorithm = algorithm
    this.#hash = createHash(algorithm)
  }

  /** Bytes that do not follow what was seen are not taken, except at offset 0, where it all begins anew. */
  take(bytes: Uint8Array, offset: number): void {
    if (offset === 0) {
      this.#hash = createHash(this.#algorithm)
      this.#seen = 0
    }
    if (offset !== this.#seen) return
    this.#hash.update(bytes)
    this.#seen += bytes.length
  }

  /** `sha256:…` of exactly so many bytes, or null when it has not seen them all. To be asked once. */
  of(bytes: number): string | null {
    return this.#seen === bytes ? `${this.#algorithm}:${this.#hash.digest('hex')}` : null
  }
}

/** Feeds a file to a running digest, from its beginning. Throws the signal's reason when it aborts. */
export async function digestFile(
  path: string,
  digest: RunningDigest,
  signal: AbortSignal,
  onBytes: (done: number, total: number) => void = () => undefined,
): Promise<number> {
  return naming('read', path, async () => {
    const handle = await open(path, 'r')
    try {
      const { size } = await handle.stat()
      const buffer = Buffer.allocUnsafe(Math.min(2 ** 20, Math.max(size, 1)))
      let done = 0
      for (;;) {
        if (signal.aborted) throw new DeployError('CANCELLED', `reading ${path} was cancelled`)
        const { bytesRead } = await handle.read(buffer, 0, buffer.length, done)
        if (bytesRead === 0) return done
        digest.take(buffer.subarray(0, bytesRead), done)
        done += bytesRead
        onBytes(done, size)
      }
    } finally {
      await handle.close()
    }
  })
}

/** The digest of a file, as text. */
export async function digestOfFile(
  path: string,
  algorithm: Algorithm,
  signal: AbortSignal,
  onBytes?: (done: number, total: number) => void,
): Promise<string> {
  const digest = new RunningDigest(algorithm)
  const bytes = await digestFile(path, digest, signal, onBytes)
  return digest.of(bytes) ?? ''
}

/** SHA-256 of so many bytes of a file, hexadecimal. */
export async function digestOfBeginning(path: string, bytes: number): Promise<string> {
  const hash = createHash('sha256')
  if (bytes > 0) await pipeline(createReadStream(path, { end: bytes - 1 }), hash)
  return hash.digest('hex')
}
