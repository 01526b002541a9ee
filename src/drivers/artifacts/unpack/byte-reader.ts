/**
 * Reads a stream by numbers of bytes instead of by the chunks it comes in. Apart from the formats, because all of them
 * need it, and from the streams, because it is where the end of the data is noticed.
 */
import { refusedArchive } from './refusal.js'

const nothing = Buffer.alloc(0)

export class ByteReader {
  readonly #pull: () => Promise<Buffer | null>
  #chunk: Buffer = nothing
  #at = 0

  /** `pull` gives the next chunk, which stays valid until it is asked again; null at the end. */
  constructor(pull: () => Promise<Buffer | null>) {
    this.#pull = pull
  }

  /** Some bytes, at most so many and at least one; null at the end. Valid until the next call. */
  async some(most: number): Promise<Buffer | null> {
    if (!(await this.#filled())) return null
    const end = Math.min(this.#at + most, this.#chunk.length)
    const part = this.#chunk.subarray(this.#at, end)
    this.#at = end
    return part
  }

  /** Exactly so many bytes. Throws ARCHIVE_REFUSED when there are fewer. Valid until the next call. */
  async exactly(count: number): Promise<Buffer> {
    const bytes = await this.peek(count)
    if (bytes.length < count) throw truncated()
    this.#at += count
    return bytes
  }

  /** So many bytes without taking them, or as many as there are. */
  async peek(count: number): Promise<Buffer> {
    while (this.#chunk.length - this.#at < count) {
      const rest = Buffer.from(this.#chunk.subarray(this.#at))
      const next = await this.#pull()
      if (next === null) {
        this.#chunk = rest
        this.#at = 0
        return rest
      }
      this.#chunk = Buffer.concat([rest, next])
      this.#at = 0
    }
    return this.#chunk.subarray(this.#at, this.#at + count)
  }

  async skip(count: number): Promise<void> {
    for (let left = count; left > 0;) {
      const part = await this.some(left)
      if (part === null) throw truncated()
      left -= part.length
    }
  }

  async #filled(): Promise<boolean> {
    while (this.#at === this.#chunk.length) {
      const next = await this.#pull()
      if (next === null) return false
      this.#chunk = next
      this.#at = 0
    }
    return true
  }
}

function truncated(): Error {
  return refusedArchive('it ends in the middle of an entry: it is truncated')
}
