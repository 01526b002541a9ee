/**
 * Writes a stream of small pieces to a file in large blocks, one block behind the reader, so that the network, the
 * hash and the disk work at the same time. Bytes are pushed to the disk as they come (fdatasync now and then, in the
 * background): the last flush is short, and the memory of the machine does not fill with unwritten pages.
 */
import type { FileHandle } from 'node:fs/promises'

const blockBytes = 2 ** 20
const syncEveryBytes = 64 * 2 ** 20

export interface BlockWriter {
  /** Resolves when the piece was taken over. Throws the error of an earlier write. */
  write(piece: Uint8Array): Promise<void>
  /** Resolves when everything taken over is in the file. */
  flush(): Promise<void>
  /** Bytes taken over, counted from the beginning of the file. */
  position(): number
}

/** `onBlock` gets every block in order, just before it is written; it must be done with it when it returns. */
export function blockWriter(
  handle: FileHandle,
  startAt: number,
  onBlock: (bytes: Uint8Array, offset: number) => void,
): BlockWriter {
  let filling = Buffer.allocUnsafe(blockBytes)
  let spare = Buffer.allocUnsafe(blockBytes)
  let filled = 0
  let written = startAt
  let unsynced = 0
  let pending: Promise<void> = Promise.resolve()
  let syncing: Promise<void> = Promise.resolve()

  const hand = async (): Promise<void> => {
    await pending
    if (filled === 0) return
    const block = filling.subarray(0, filled)
    onBlock(block, written)
    pending = writeAll(handle, block, written)
    // whoever awaits it next gets the error; until then it must not count as unhandled
    pending.catch(() => undefined)
    written += filled
    unsynced += filled
    filled = 0
    ;[filling, spare] = [spare, filling]
    if (unsynced < syncEveryBytes) return
    unsynced = 0
    await syncing
    syncing = pending.then(() => handle.datasync())
    syncing.catch(() => undefined)
  }
  return {
    async write(piece) {
      let taken = 0
      while (taken < piece.length) {
        const part = piece.subarray(taken, taken + blockBytes - filled)
        filling.set(part, filled)
        filled += part.length
        taken += part.length
        if (filled === blockBytes) await hand()
      }
    },
    async flush() {
      await hand()
      await pending
      await syncing
    },
    position: () => written + filled,
  }
}

/** write(2) may take less than it was given. */
async function writeAll(handle: FileHandle, block: Uint8Array, position: number): Promise<void> {
  let done = 0
  while (done < block.length) {
    const { bytesWritten } = await handle.write(block, done, block.length - done, position + done)
    done += bytesWritten
  }
}
