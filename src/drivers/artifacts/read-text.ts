/**
 * Reading a small document over HTTP: an index, a list of versions, an API's answer. Shared by the sources, so that
 * every one of them has the same patience, limits, conditional requests and error messages.
 */
import { DeployError, type ErrorCode } from '../../base/deploy-error.js'
import { formatDuration } from '../../base/duration.js'
import { formatSize } from '../../base/size.js'
import type { Clock } from '../../model/clock.js'
import { bodyReader } from './body-reader.js'
import { parseAddress, showAddress } from './http-address.js'
import { exchange, type Answer, type HeaderFields } from './http-exchange.js'
import { networkSetback, shortened, statusSetback, type Explain } from './http-trouble.js'
import { Setback, patientPolicy, withRetries, type RetryPolicy } from './retries.js'
import { watchOver, type Watch } from './watch.js'

export interface ReadRequest {
  readonly url: string
  readonly method?: 'GET' | 'HEAD'
  readonly headers?: HeaderFields
  /** From an earlier answer: the document is sent only if it differs. */
  readonly etag?: string | null
  /** From an earlier answer without an ETag. */
  readonly lastModified?: string | null
  /** 32 MiB unless given. */
  readonly maxBytes?: number
  /** For all attempts together; 60 s unless given. */
  readonly deadlineMs?: number
  /** Without a byte; 30 s unless given. */
  readonly stallMs?: number
  /** What it means when the server does not have it (404, 410); SOURCE_NOT_FOUND unless given. */
  readonly missing?: ErrorCode
  readonly explain?: Explain
  readonly retry?: RetryPolicy
  readonly clock: Clock
  readonly signal: AbortSignal
}

export interface Fresh<Body> {
  readonly status: 'fresh'
  readonly body: Body
  readonly etag: string | null
  readonly lastModified: string | null
  /** All of them, for `link` and the like. */
  readonly headers: Headers
}
export interface Unchanged {
  readonly status: 'unchanged'
}

const quickPolicy: RetryPolicy = { ...patientPolicy, retries: 3 }

/** The document, or that it is unchanged. Throws DeployError. */
export async function readText(request: ReadRequest): Promise<Fresh<string> | Unchanged> {
  const answer = await readBytes(request)
  return answer.status === 'unchanged' ? answer : { ...answer, body: answer.body.toString('utf8') }
}

/** The same for a document that is no text, such as a signature. */
export async function readBytes(request: ReadRequest): Promise<Fresh<Buffer> | Unchanged> {
  const deadlineMs = request.deadlineMs ?? 60_000
  const limits = {
    stallMs: request.stallMs ?? 30_000,
    deadlineAtMs: request.clock.monotonicMs() + deadlineMs,
  }
  const attempt = async (): Promise<Fresh<Buffer> | Unchanged> => {
    const watch = watchOver(limits, request.clock, request.signal)
    try {
      return await readOnce(request, watch)
    } catch (error) {
      throw interruptedSetback(watch, request, deadlineMs) ?? error
    } finally {
      watch.end()
    }
  }
  return withRetries(attempt, request.retry ?? quickPolicy, request.clock, request.signal)
}

async function readOnce(request: ReadRequest, watch: Watch): Promise<Fresh<Buffer> | Unchanged> {
  const conditions = {
    ...(request.etag == null ? {} : { 'if-none-match': request.etag }),
    ...(request.lastModified == null ? {} : { 'if-modified-since': request.lastModified }),
  }
  const headers = { ...request.headers, ...conditions }
  const answer = await exchange({ url: request.url, method: request.method ?? 'GET', headers }, watch.signal)
  const { response, url } = answer
  watch.alive()
  if (response.status === 304 && Object.keys(conditions).length > 0) return { status: 'unchanged' }
  if (!response.ok)
    throw await statusSetback(
      response,
      url,
      request.clock,
      request.missing ?? 'SOURCE_NOT_FOUND',
      request.explain,
    )
  return {
    status: 'fresh',
    body: await bodyOf(answer, request.maxBytes ?? 32 * 2 ** 20, watch),
    etag: response.headers.get('etag'),
    lastModified: response.headers.get('last-modified'),
    headers: response.headers,
  }
}

async function bodyOf({ response, url }: Answer, maxBytes: number, watch: Watch): Promise<Buffer> {
  const reader = bodyReader(response)
  const parts: Uint8Array[] = []
  let bytes = 0
  try {
    for (;;) {
      const next = await reader?.read()
      if (next === undefined || next.done) return Buffer.concat(parts)
      watch.alive()
      parts.push(next.value)
      bytes += next.value.length
      if (bytes > maxBytes) throw tooLong(url, maxBytes)
    }
  } catch (error) {
    throw error instanceof Setback ? error : networkSetback(error, url)
  } finally {
    await reader?.cancel().catch(() => undefined)
  }
}

function tooLong(url: URL, maxBytes: number): Setback {
  const says = `${showAddress(url)} sends more than ${formatSize(maxBytes)} where a short document was expected`
  return new Setback(new DeployError('SOURCE_GARBAGE', says, { hint: 'Check the address.' }), {
    again: false,
  })
}

/** The setback when it was not the server but our own watch that ended the attempt. */
function interruptedSetback(watch: Watch, request: ReadRequest, deadlineMs: number): Setback | null {
  const why = watch.endedBy()
  if (why === null) return null
  const at = showAddress(parseAddress(request.url).url)
  if (why === 'cancelled') {
    return new Setback(new DeployError('CANCELLED', `reading ${at} was cancelled`), { again: false })
  }
  const says = why === 'stalled' ? 'stopped answering' : `did not answer within ${formatDuration(deadlineMs)}`
  return new Setback(
    new DeployError(why === 'stalled' ? 'SOURCE_UNREACHABLE' : 'TIMEOUT', `${at} ${says}`, {
      hint: 'Check the network and the server, then try again.',
    }),
    { again: why === 'stalled' },
  )
}

/** The same for a JSON document. Throws DeployError SOURCE_GARBAGE, with what came instead. */
export async function readJson(request: ReadRequest): Promise<Fresh<unknown> | Unchanged> {
  const headers = { accept: 'application/json', ...request.headers }
  const answer = await readText({ ...request, headers })
  if (answer.status === 'unchanged') return answer
  try {
    // JSON.parse answers any; unknown makes the caller look before it believes
    return { ...answer, body: JSON.parse(answer.body) as unknown }
  } catch (cause) {
    const at = showAddress(parseAddress(request.url).url)
    throw new DeployError('SOURCE_GARBAGE', `${at} did not answer with JSON`, {
      hint: 'Check the address; a login page or a proxy may have answered instead.',
      details: [`it said: ${shortened(answer.body) || 'nothing'}`],
      cause,
    })
  }
}
