/**
 * Downloads one file over HTTP: streamed to disk, resumed where it was cut, tried again where that may help, watched
 * for stalls and for its deadline. It does not know digests; whoever needs the bytes as well takes them by `onBytes`.
 */
import { DeployError } from '../../base/deploy-error.js'
import { formatDuration } from '../../base/duration.js'
import { formatSize } from '../../base/size.js'
import type { Clock } from '../../model/clock.js'
import type { Progress } from '../../model/event.js'
import { fileError } from '../system/file-error.js'
import { bodyReader } from './body-reader.js'
import { blockWriter } from './block-writer.js'
import { looksLikePage } from './page-instead.js'
import { parseAddress, showAddress } from './http-address.js'
import { exchange, type Answer, type HeaderFields } from './http-exchange.js'
import { networkSetback, shortened, statusSetback, type Explain } from './http-trouble.js'
import { beginPartial, endPartial, openPartial, type PartialFile } from './partial-file.js'
import { Setback, patientPolicy, withRetries, type RetryPolicy } from './retries.js'
import { throttled } from './throttled-progress.js'
import { watchOver, type Watch } from './watch.js'

export interface DownloadRequest {
  readonly url: string
  /** Sent to the origin of `url` only. */
  readonly headers?: HeaderFields
  /** Where to. It may hold the beginning from an earlier try. */
  readonly file: string
  /** Where the source knows it: anything else is refused. */
  readonly expectedSize?: number
  readonly onProgress: (progress: Progress) => void
  /** The file's own name, where the address does not show it: a web page is expected only where one is asked for. */
  readonly name?: string
  /** Every byte once and in order, unless the download has to begin again: then from offset 0. */
  readonly onBytes?: (bytes: Uint8Array, offset: number) => void
  /** For all attempts together; without a limit unless given. */
  readonly deadlineMs?: number
  /** Without a byte for so long, the attempt is given up and another one made; 30 s unless given. */
  readonly stallMs?: number
  readonly retry?: RetryPolicy
  readonly explain?: Explain
  readonly clock: Clock
  readonly signal: AbortSignal
}

export interface Downloaded {
  readonly bytes: number
  /** Bytes that were there from an earlier try and have not been sent again. */
  readonly resumedFrom: number
}

/** A server may be slow. One that sends less than this, a byte now and then, would hold a deployment up for ever. */
const pace = { bytes: 60_000, withinMs: 60_000 }

/** An attempt that brought so much is not counted as a failure in a row. */
const progressBytes = 2 ** 20

/** Brings the file, whole. Throws DeployError; what was downloaded until then stays, to be continued. */
export async function download(request: DownloadRequest): Promise<Downloaded> {
  const { clock, signal, deadlineMs = Infinity } = request
  const limits = { stallMs: request.stallMs ?? 30_000, deadlineAtMs: clock.monotonicMs() + deadlineMs, pace }
  const progress = throttled(request.onProgress, clock)
  let resumedFrom: number | null = null
  const attempt = async (): Promise<Downloaded> => {
    const partial = await openPartial(request.file).catch((error: unknown) => {
      throw fileError(error, 'write', request.file)
    })
    const watch = watchOver(limits, clock, signal)
    resumedFrom ??= partial.bytes
    try {
      const bytes = await downloadOnce({ request, partial, watch, progress })
      return { bytes, resumedFrom: Math.min(resumedFrom, bytes) }
    } catch (error) {
      const { size } = await partial.handle.stat()
      throw setbackOf(error, watch, request, { bytes: size, gained: size - partial.bytes })
    } finally {
      watch.end()
      await partial.handle.close()
    }
  }
  return withRetries(attempt, request.retry ?? patientPolicy, clock, signal)
}

interface Attempt {
  readonly request: DownloadRequest
  readonly partial: PartialFile
  readonly watch: Watch
  readonly progress: (done: number, total: number | null) => void
}

async function downloadOnce(attempt: Attempt): Promise<number> {
  const { request, partial, watch } = attempt
  if (partial.bytes > 0 && partial.bytes === request.expectedSize) return finished(attempt, partial.bytes)
  const from = resumableFrom(partial, request.expectedSize)
  const ranged = from > 0 ? { range: `bytes=${from}-`, 'if-range': partial.validator ?? '' } : {}
  // identity: what is compressed on the way can be neither resumed nor measured
  const headers = { accept: '*/*', ...request.headers, 'accept-encoding': 'identity', ...ranged }
  const answer = await exchange({ url: request.url, method: 'GET', headers }, watch.signal)
  watch.alive()
  const { response, url } = answer
  if (response.status === 416 && from > 0) return outOfRange(attempt, answer, from)
  if (!response.ok)
    throw await statusSetback(response, url, request.clock, 'ARTIFACT_MISSING', request.explain)
  const startAt = response.status === 206 && rangeStart(response.headers) === from ? from : 0
  if (response.status === 206 && startAt !== from) {
    await response.body?.cancel()
    throw await fromScratch(attempt, `${showAddress(url)} sent another part of the file than was asked for`)
  }
  refuseUnwrapped(answer)
  if (startAt === 0) await beginPartial(request.file, partial.handle, response.headers)
  const total = expectedTotal(answer, startAt, request.expectedSize)
  return finished(attempt, await receive(attempt, answer, startAt, total))
}

function resumableFrom(partial: PartialFile, expectedSize: number | undefined): number {
  if (partial.validator === null) return 0
  return expectedSize !== undefined && partial.bytes > expectedSize ? 0 : partial.bytes
}

async function finished({ request, progress }: Attempt, bytes: number): Promise<number> {
  await endPartial(request.file)
  progress(bytes, bytes)
  return bytes
}

/** There is nothing after what we have: either it is whole, or it belongs to another file. */
async function outOfRange(attempt: Attempt, { response, url }: Answer, from: number): Promise<number> {
  await response.body?.cancel()
  if (
    response.headers.get('content-range') === `bytes */${from}` &&
    attempt.request.expectedSize === undefined
  ) {
    return finished(attempt, from)
  }
  throw await fromScratch(attempt, `${showAddress(url)} has changed since the download began`)
}

async function fromScratch({ request, partial }: Attempt, says: string): Promise<Setback> {
  await beginPartial(request.file, partial.handle, new Headers())
  return new Setback(new DeployError('SOURCE_GARBAGE', says, { hint: 'Try again.' }), { again: true })
}

function rangeStart(headers: Headers): number | null {
  const start = /^bytes (\d+)-/.exec(headers.get('content-range') ?? '')?.[1]
  return start === undefined ? null : Number(start)
}

/** The size of the whole file, held against what the source said of it. Null: nobody knows. */
function expectedTotal(
  { response, url }: Answer,
  startAt: number,
  expectedSize: number | undefined,
): number | null {
  const length = response.headers.get('content-length')
  const encoded = (response.headers.get('content-encoding') ?? 'identity') !== 'identity'
  const announced = length === null || encoded ? null : startAt + Number(length)
  if (announced !== null && expectedSize !== undefined && announced !== expectedSize) {
    throw wrongSize(url, `has ${announced} bytes`, expectedSize)
  }
  return announced ?? expectedSize ?? null
}

function wrongSize(url: URL, says: string, expected: number): Setback {
  const message = `${showAddress(url)} ${says} where the source announced ${expected}`
  const hint =
    'The file was changed after it was published, or something on the way answers instead of the server.'
  return new Setback(new DeployError('ARTIFACT_CORRUPT', message, { hint }), { again: false })
}

async function receive(
  attempt: Attempt,
  answer: Answer,
  startAt: number,
  total: number | null,
): Promise<number> {
  const { request, partial, watch, progress } = attempt
  const { response, url } = answer
  const writer = blockWriter(partial.handle, startAt, request.onBytes ?? (() => undefined))
  const reader = bodyReader(response)
  try {
    for (;;) {
      const next = await reader?.read()
      if (next === undefined || next.done) break
      watch.alive(next.value.length)
      if (writer.position() === 0) refusePage(answer, next.value, request)
      await writer.write(next.value).catch((error: unknown) => {
        throw fileError(error, 'write', request.file)
      })
      const done = writer.position()
      if (request.expectedSize !== undefined && done > request.expectedSize) {
        throw wrongSize(url, 'sends more', request.expectedSize)
      }
      progress(done, total)
    }
  } catch (error) {
    // what came is kept, to go on from there
    await writer.flush().catch(() => undefined)
    throw error instanceof Setback || error instanceof DeployError ? error : networkSetback(error, url)
  } finally {
    await reader?.cancel().catch(() => undefined)
  }
  await writer.flush().catch((error: unknown) => {
    throw fileError(error, 'write', request.file)
  })
  return wholeOr(answer, writer.position(), total)
}

function wholeOr({ url }: Answer, bytes: number, total: number | null): number {
  if (total !== null && bytes < total) {
    const says = `${showAddress(url)} sent only ${bytes} of ${total} bytes`
    throw new Setback(new DeployError('SOURCE_UNREACHABLE', says, { hint: 'Try again.' }), { again: true })
  }
  if (bytes === 0 && total !== 0) {
    const hint = 'The file was published empty, or the server has a problem.'
    throw new Setback(new DeployError('SOURCE_GARBAGE', `${showAddress(url)} sent 0 bytes`, { hint }), {
      again: true,
    })
  }
  return bytes
}

/** A server that calls a .gz file "encoded" makes every client take its compression off, and the digest wrong. */
function refuseUnwrapped({ response, url }: Answer): void {
  const encoding = response.headers.get('content-encoding') ?? 'identity'
  if (encoding === 'identity' || !/\.(t?gz|br|zst)$/i.test(url.pathname)) return
  const says = `${showAddress(url)} is sent with "Content-Encoding: ${encoding}", so it arrives without its compression`
  const hint = 'Have the server send it as application/octet-stream, without Content-Encoding.'
  throw new Setback(new DeployError('SOURCE_GARBAGE', says, { hint }), { again: false })
}

/** A web page where a file was asked for: a login, a captive portal, a "moved" notice, with a cheerful status 200. */
function refusePage({ response, url }: Answer, first: Uint8Array, request: DownloadRequest): void {
  const asked = request.name === undefined ? parseAddress(request.url).url : { pathname: request.name }
  if (!looksLikePage(asked, response.headers, first)) return
  const says = shortened(Buffer.from(first.subarray(0, 4096)).toString('utf8'))
  throw new Setback(
    new DeployError('SOURCE_GARBAGE', `${showAddress(url)} answered with a web page instead of the file`, {
      hint: 'A login page or a proxy answers: check the address, and the credentials if it needs any.',
      details: [`it says: ${says}`],
    }),
    { again: false },
  )
}

function setbackOf(
  error: unknown,
  watch: Watch,
  request: DownloadRequest,
  state: { readonly bytes: number; readonly gained: number },
): unknown {
  const why = watch.endedBy()
  const at = showAddress(parseAddress(request.url).url)
  const soFar = `${formatSize(state.bytes)} had come`
  const progressed = state.gained >= progressBytes
  if (why === 'cancelled') {
    return new Setback(new DeployError('CANCELLED', `the download of ${at} was cancelled`), { again: false })
  }
  if (why === 'deadline') {
    const within = formatDuration(request.deadlineMs ?? 0)
    const hint = 'What has come is kept; the next try goes on from there. Allow it more time if it needs it.'
    const says = `${at} was not downloaded within ${within}: ${soFar}`
    return new Setback(new DeployError('TIMEOUT', says, { hint }), { again: false })
  }
  if (why === 'stalled') {
    const says = `${at} stopped sending: ${soFar}, then nothing for ${formatDuration(request.stallMs ?? 30_000)}`
    const hint = 'Check the network and the server, then try again: it goes on from there.'
    return new Setback(new DeployError('SOURCE_UNREACHABLE', says, { hint }), { again: true, progressed })
  }
  if (why === 'trickling') {
    const says = `${at} comes too slowly: ${soFar}, less than ${formatSize(pace.bytes)} of it in the last ${formatDuration(pace.withinMs)}`
    const hint = 'Check the network and the server, then try again: it goes on from there.'
    return new Setback(new DeployError('SOURCE_UNREACHABLE', says, { hint }), { again: true, progressed })
  }
  if (!(error instanceof Setback)) return error
  return new Setback(error.shown, { again: error.again, retryAfterMs: error.retryAfterMs, progressed })
}
