/**
 * A file's bytes, decompressed on the way: gzip by Node, the others by the system's own tools, because Node 20 has none
 * of them. Reading is pulled, so that nothing runs ahead of the disk that is written to.
 */
import { open, stat, type FileHandle } from 'node:fs/promises'
import { createReadStream } from 'node:fs'
import { pipeline, type Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { DeployError } from '../../../base/deploy-error.js'
import { startFilter } from '../../system/start-filter.js'
import { ByteReader } from './byte-reader.js'
import { ratioMattersFromBytes, type UnpackLimits } from './limits.js'
import { refusedArchive } from './refusal.js'

export type Compression = 'none' | 'gzip' | 'bzip2' | 'xz' | 'zstd'

export interface ByteStream {
  readonly reader: ByteReader
  /** Looks, at the end, whether the compressed data was whole and nothing comes after it. Throws ARCHIVE_REFUSED. */
  assertEnded(): Promise<void>
  /** To be called always. */
  close(): Promise<void>
}

interface Source {
  readonly pull: () => Promise<Buffer | null>
  readonly assertEnded: () => Promise<void>
  readonly close: () => Promise<void>
}

const chunkBytes = 2 ** 20

export interface StreamRequest {
  readonly path: string
  readonly compression: Compression
  readonly limits: UnpackLimits
  readonly signal: AbortSignal
  readonly onRead?: (bytesOut: number) => void
}

export async function openBytes(request: StreamRequest): Promise<ByteStream> {
  const { path, compression, limits, signal } = request
  const { size } = await stat(path)
  const source =
    compression === 'none'
      ? await plain(path)
      : compression === 'gzip'
        ? gunzip(path, size)
        : await tool(path, compression)
  let bytes = 0
  const pull = async (): Promise<Buffer | null> => {
    if (signal.aborted) throw new DeployError('CANCELLED', 'unpacking was cancelled')
    const chunk = await source.pull()
    bytes += chunk?.length ?? 0
    if (bytes > ratioMattersFromBytes && bytes > limits.ratio * size) {
      throw refusedArchive(
        `it unpacks to more than ${limits.ratio} times its size, as archives made to fill disks do`,
      )
    }
    request.onRead?.(bytes)
    return chunk
  }
  return { reader: new ByteReader(pull), assertEnded: source.assertEnded, close: source.close }
}

/** One buffer for the whole file: what was pulled is used up before it is pulled again. */
async function plain(path: string): Promise<Source> {
  const handle = await open(path, 'r')
  const buffer = Buffer.allocUnsafe(chunkBytes)
  let at = 0
  return {
    async pull() {
      const { bytesRead } = await handle.read(buffer, 0, chunkBytes, at)
      at += bytesRead
      return bytesRead === 0 ? null : buffer.subarray(0, bytesRead)
    },
    assertEnded: () => Promise.resolve(),
    close: () => handle.close(),
  }
}

function gunzip(path: string, size: number): Source {
  const input = createReadStream(path, { highWaterMark: chunkBytes })
  const output = createGunzip({ chunkSize: chunkBytes })
  pipeline(input, output, () => undefined) // what fails is told to whoever reads the output
  return {
    pull: pullFrom(output, 'gzip'),
    async assertEnded() {
      if (await hasOnlyZeros(path, output.bytesWritten, size)) return
      throw refusedArchive('something comes after its compressed data, which may hide entries')
    },
    close: () => closed(input, output),
  }
}

/** Zeros are padding, as tapes want it. */
async function hasOnlyZeros(path: string, from: number, size: number): Promise<boolean> {
  if (from >= size) return true
  const handle: FileHandle = await open(path, 'r')
  try {
    const buffer = Buffer.allocUnsafe(Math.min(chunkBytes, size - from))
    for (let at = from; at < size;) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, at)
      if (bytesRead === 0) return true
      if (buffer.subarray(0, bytesRead).some((byte) => byte !== 0)) return false
      at += bytesRead
    }
    return true
  } finally {
    await handle.close()
  }
}

/** Memory is bounded: a header may claim a window of gigabytes. */
const tools = {
  bzip2: ['bzip2', '-dc'],
  xz: ['xz', '-dc', '--memlimit-decompress=512MiB'],
  zstd: ['zstd', '-dcq', '--memory=512MB'],
} as const

async function tool(path: string, compression: keyof typeof tools): Promise<Source> {
  const filter = await startFilter(tools[compression], path).catch((error: unknown) => {
    if (!(error instanceof DeployError) || error.code !== 'COMMAND_NOT_FOUND') throw error
    throw new DeployError(
      'COMMAND_NOT_FOUND',
      `it is compressed with ${compression}, which is not installed here`,
      {
        hint: `Install ${compression === 'xz' ? 'xz (xz-utils)' : compression}, or publish a .tar.gz.`,
        cause: error,
      },
    )
  })
  const pull = pullFrom(filter.output, compression)
  const assertWhole = async (): Promise<void> => {
    const { exitCode, errors } = await filter.ended
    if (exitCode === 0 && errors === '') return
    throw refusedArchive(`its ${compression} data is damaged or truncated: ${errors.split('\n')[0] ?? ''}`)
  }
  return {
    async pull() {
      const chunk = await pull()
      if (chunk === null) await assertWhole()
      return chunk
    },
    assertEnded: assertWhole,
    close: () => filter.stop(),
  }
}

function pullFrom(stream: Readable, compression: string): Source['pull'] {
  // streams give any; these give buffers, as no encoding is set
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  return async () => {
    try {
      const next = await chunks.next()
      return next.done === true ? null : next.value
    } catch (cause) {
      const says = cause instanceof Error ? cause.message : String(cause)
      throw refusedArchive(`its ${compression} data is damaged or truncated: ${says}`, { cause })
    }
  }
}

/** Destroys streams and waits until what they held open is closed. */
export async function closed(...streams: readonly Readable[]): Promise<void> {
  await Promise.all(
    streams.map(async (stream) => {
      if (stream.closed) return
      await new Promise<void>((resolve) => {
        stream.once('close', resolve)
        stream.destroy()
      })
    }),
  )
}
