/**
 * The directory of a zip archive, read by yauzl, which knows about 64-bit fields, comments and damaged ends. Apart from
 * reading the content, because sizes are estimated from it alone.
 */
import { readSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import type { ZipFile } from 'yauzl'
import { DeployError } from '../../../base/deploy-error.js'
import type { UnpackLimits } from './limits.js'
import { refusedArchive } from './refusal.js'
import { zipFacts, type ZipFacts } from './zip-facts.js'

/** All entries, in the order of their content. Throws ARCHIVE_REFUSED. */
export async function zipDirectory(handle: FileHandle, limits: UnpackLimits): Promise<readonly ZipFacts[]> {
  const yauzl = await import('yauzl')
  /** yauzl reads two small pieces for each entry: through the thread pool they would take most of the time. */
  class SynchronousReader extends yauzl.RandomAccessReader {
    override read(
      buffer: Buffer,
      offset: number,
      length: number,
      position: number,
      done: (error: Error | null, bytesRead?: number) => void,
    ): void {
      done(null, readSync(handle.fd, buffer, offset, length, position))
    }
  }
  try {
    const { size } = await handle.stat()
    // decodeStrings is off, so names and comments are bytes, and yauzl judges none of them
    const options = { lazyEntries: true, autoClose: false, decodeStrings: false } as const
    const zip = await yauzl.fromRandomAccessReaderPromise(new SynchronousReader(), size, options)
    if (zip.entryCount > limits.entries) throw refusedArchive(`it has more than ${limits.entries} entries`)
    return (await allFacts(zip, yauzl.getFileNameLowLevel)).sort((a, b) => a.headerAt - b.headerAt)
  } catch (error) {
    if (error instanceof DeployError || !(error instanceof Error)) throw error
    throw refusedArchive(`it is a damaged or truncated zip: ${error.message}`, { cause: error })
  }
}

async function allFacts(zip: ZipFile, decode: Parameters<typeof zipFacts>[1]): Promise<ZipFacts[]> {
  const facts: ZipFacts[] = []
  for await (const entry of zip.eachEntry()) {
    facts.push(zipFacts(entry, decode))
    if (facts.length % 256 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  return facts
}
