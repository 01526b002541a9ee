/**
 * Cuts one stream of a session into answers: everything up to the line that ends one, which holds a word nobody can
 * guess. What comes is passed on as it comes; only as much is held back as could be the beginning of that line.
 */
export interface FrameReader {
  read(chunk: Buffer): void
  /** What has been held back, when the stream has ended in the middle. */
  rest(): Buffer
}

export interface FrameListener {
  onBytes(bytes: Buffer): void
  onEnd(exitCode: number): void
}

const longestCode = 8

export function frameReader(token: string, listener: FrameListener): FrameReader {
  const mark = Buffer.from(`\x1e${token} `)
  let held: Buffer = Buffer.alloc(0)
  return {
    read(chunk) {
      held = held.length === 0 ? chunk : Buffer.concat([held, chunk])
      for (;;) {
        const at = held.indexOf(mark)
        if (at === -1) {
          const safe = held.length - beginningAtEnd(held, mark)
          if (safe > 0) listener.onBytes(held.subarray(0, safe))
          held = held.subarray(safe)
          return
        }
        const from = at + mark.length
        const lineEnd = held.subarray(from, from + longestCode).indexOf('\n')
        if (lineEnd === -1) {
          if (at > 0) listener.onBytes(held.subarray(0, at))
          held = held.subarray(at)
          return
        }
        if (at > 0) listener.onBytes(held.subarray(0, at))
        const exitCode = Number(held.toString('latin1', from, from + lineEnd))
        held = held.subarray(from + lineEnd + 1)
        listener.onEnd(exitCode)
      }
    },
    rest: () => held,
  }
}

/** How many bytes at the end could be the beginning of the mark; usually none, so that a line is told at once. */
function beginningAtEnd(bytes: Buffer, mark: Buffer): number {
  for (let length = Math.min(bytes.length, mark.length - 1); length > 0; length--) {
    if (bytes.subarray(-length).equals(mark.subarray(0, length))) return length
  }
  return 0
}
