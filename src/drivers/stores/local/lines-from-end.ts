/** The lines of a file from its end, so that the latest few of a long history cost no more than of a short one. */
import { open } from 'node:fs/promises'
import { ifThere } from '../../system/if-there.js'

const lineEnd = 10

/** Without empty lines; nothing when there is no such file. */
export async function* linesFromEnd(path: string, chunkBytes = 65_536): AsyncGenerator<string> {
  const handle = await ifThere(open(path, 'r'))
  if (handle === null) return
  try {
    let end = (await handle.stat()).size
    let pieces: Buffer[] = [] // of the line that the chunk's beginning cuts, from its end backwards
    while (end > 0) {
      const start = Math.max(0, end - chunkBytes)
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(end - start), 0, end - start, start)
      let chunk = buffer.subarray(0, bytesRead)
      for (let at = chunk.lastIndexOf(lineEnd); at !== -1; at = chunk.lastIndexOf(lineEnd)) {
        const line = Buffer.concat([chunk.subarray(at + 1), ...pieces.reverse()])
        pieces = []
        chunk = chunk.subarray(0, at)
        if (line.length > 0) yield line.toString('utf8')
      }
      pieces.push(chunk)
      end = start
    }
    const first = Buffer.concat(pieces.reverse())
    if (first.length > 0) yield first.toString('utf8')
  } finally {
    await handle.close()
  }
}
