/**
 * The frames in which an engine sends what a program says: a byte for the stream, four for the length, then the bytes.
 * Programs with a terminal are sent without frames. Pure, and apart because frames are cut anywhere on the way.
 */
import type { OutputLine } from '../../../../model/event.js'

const headBytes = 8

export function unframe(
  take: (stream: OutputLine['stream'], bytes: Buffer) => void,
  framed: boolean,
): (bytes: Buffer) => void {
  let rest = Buffer.alloc(0)
  if (!framed) return (bytes) => take('stdout', bytes)
  return (bytes) => {
    rest = Buffer.concat([rest, bytes])
    while (rest.length >= headBytes) {
      const end = headBytes + rest.readUInt32BE(4)
      if (rest.length < end) return
      take(rest[0] === 2 ? 'stderr' : 'stdout', rest.subarray(headBytes, end))
      rest = rest.subarray(end)
    }
  }
}
