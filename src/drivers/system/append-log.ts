/**
 * A file of lines that only grows. An append is done when its line is on disk, and appends that arrive together share
 * one write and one flush: the journal's speed is the disk's flushes a second times the lines that fit in each.
 */
import { constants, open, type FileHandle } from 'node:fs/promises'
import { DeployError } from '../../base/deploy-error.js'
import { fileError, naming } from './file-error.js'

export interface AppendLog {
  /** Resolves when the line is durable. After one failure every later append fails with the same error. */
  append(line: string): Promise<void>
  /** Waits for what was appended, then closes; a second call does nothing. */
  close(): Promise<void>
}

interface Waiting {
  readonly line: string
  readonly done: () => void
  readonly failed: (error: Error) => void
}

/** `new`: the file must not exist; `existing`: it must; `any`: it is made when it is missing. */
export async function openAppendLog(path: string, which: 'new' | 'existing' | 'any'): Promise<AppendLog> {
  const handle = await naming('open', path, () =>
    open(path, constants.O_WRONLY | constants.O_APPEND | flagsOf[which], 0o600),
  )
  let waiting: Waiting[] = []
  let flushing: Promise<void> | null = null
  let poison: Error | null = null
  let closing: Promise<void> | null = null

  async function flush(): Promise<void> {
    await Promise.resolve() // lets appends of the same moment join the batch
    while (waiting.length > 0) {
      const batch = waiting
      waiting = []
      try {
        if (poison === null) await writeDurably(handle, batch)
      } catch (error) {
        // What reached the disk is unknown now: a line after a torn one would be read as part of it.
        poison = fileError(error, 'append to', path)
      }
      for (const item of batch) {
        if (poison === null) item.done()
        else item.failed(poison)
      }
    }
    flushing = null
  }

  return {
    append(line) {
      if (closing !== null)
        return Promise.reject(new DeployError('BUG', `append to ${path} after it was closed`))
      if (poison !== null) return Promise.reject(poison)
      if (line.includes('\n'))
        return Promise.reject(new DeployError('BUG', `a line for ${path} holds a line break`))
      return new Promise((done, failed) => {
        waiting.push({ line, done, failed })
        flushing ??= flush()
      })
    },
    close() {
      closing ??= (async () => {
        await flushing
        await handle.close()
      })()
      return closing
    },
  }
}

const flagsOf = {
  new: constants.O_CREAT | constants.O_EXCL,
  any: constants.O_CREAT,
  existing: 0,
} as const

async function writeDurably(handle: FileHandle, batch: readonly Waiting[]): Promise<void> {
  const bytes = Buffer.from(batch.map((item) => `${item.line}\n`).join(''))
  for (let offset = 0; offset < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, offset)
    offset += bytesWritten
  }
  await handle.datasync()
}
