/**
 * What can go wrong with HTTP, in words: one table from statuses and from network errors to what a person is told and
 * whether trying again may help. The only place that knows the names Node and servers give to their troubles.
 */
import { DeployError, systemCodeOf, type ErrorCode } from '../../base/deploy-error.js'
import type { Clock } from '../../model/clock.js'
import { formatDuration } from '../../base/duration.js'
import { bodyReader } from './body-reader.js'
import { showAddress } from './http-address.js'
import { Setback } from './retries.js'

const retriedStatuses = new Set([408, 425, 429, 500, 502, 503, 504])
const longestAnswerBytes = 2048

/** An answer with an error status, as somebody sees it who knows the server's own ways of saying no. */
export interface Refusal {
  readonly url: URL
  readonly status: number
  readonly headers: Headers
  /** The first words of its body, if any. */
  readonly details: readonly string[]
  /** The beginning of its body, as it came. */
  readonly body: string
}
/** What a refusal means at a server that has its own words for it; null where the usual meaning holds. */
export type Explain = (refusal: Refusal) => Setback | null

/** The setback that an answer with an error status is. Reads the beginning of its body, as evidence. */
export async function statusSetback(
  response: Response,
  url: URL,
  clock: Clock,
  missing: ErrorCode,
  explain?: Explain,
): Promise<Setback> {
  const { status, headers } = response
  const retryAfterMs = retryAfterOf(headers, clock)
  const body = await beginningOf(response).catch(() => '')
  const details = evidenceIn(body)
  const explained = explain?.({ url, status, headers, details, body }) ?? null
  if (explained !== null) return explained
  const at = showAddress(url)
  const again = retriedStatuses.has(status) || (status >= 520 && status <= 530)
  const setback = (code: ErrorCode, what: string, hint: string): Setback =>
    new Setback(new DeployError(code, `${at} ${what}`, { hint, details }), { again, retryAfterMs })

  if (status === 401) {
    return setback(
      'SOURCE_DENIED',
      'wants credentials (401)',
      'Give the source a valid token or user and password.',
    )
  }
  if (status === 429 || (status === 403 && rateLimited(headers))) {
    const when = retryAfterMs ?? resetMs(headers, clock)
    const wait = when === null ? 'later' : `in ${formatDuration(when)}`
    return new Setback(
      new DeployError('SOURCE_RATE_LIMITED', `${at} has had too many requests from us (${status})`, {
        hint: `Try again ${wait}; a token usually raises the limit.`,
        details,
      }),
      { again: true, retryAfterMs: when },
    )
  }
  if (status === 403) {
    return setback(
      'SOURCE_DENIED',
      'may not be read with these credentials (403)',
      'Check what the token may read.',
    )
  }
  if (status === 404 || status === 410) {
    const hint =
      'Check the address; some servers answer so as well when a token is missing or may not see it.'
    return setback(missing, `is not there (${status})`, hint)
  }
  if (status >= 500) {
    return setback(
      'SOURCE_UNREACHABLE',
      `answered with an error (${status})`,
      'The server has a problem; try again.',
    )
  }
  return setback('SOURCE_GARBAGE', `answered with ${status}, which makes no sense here`, 'Check the address.')
}

/** Too many requests may come as 403 (GitHub): then a header says so. */
function rateLimited(headers: Headers): boolean {
  return headers.has('retry-after') || headers.get('x-ratelimit-remaining') === '0'
}

/** Milliseconds until the time named by Retry-After (seconds or a date), or null. */
export function retryAfterOf(headers: Headers, clock: Clock): number | null {
  const text = headers.get('retry-after')?.trim()
  if (text === undefined || text === '') return null
  if (/^\d+$/.test(text)) return Number(text) * 1000
  const at = Date.parse(text)
  return Number.isNaN(at) ? null : Math.max(0, at - clock.now().getTime())
}

function resetMs(headers: Headers, clock: Clock): number | null {
  const text = headers.get('x-ratelimit-reset')
  if (text === null || !/^\d+$/.test(text)) return null
  return Math.max(0, Number(text) * 1000 - clock.now().getTime())
}

/** The first words of an error's body, or its `message` when it is JSON. */
function evidenceIn(body: string): readonly string[] {
  return shortened(body) === '' ? [] : [`it said: ${shortened(body)}`]
}

async function beginningOf(response: Response): Promise<string> {
  const reader = bodyReader(response)
  if (reader === undefined) return ''
  const parts: Uint8Array[] = []
  let bytes = 0
  while (bytes < longestAnswerBytes) {
    const { done, value } = await reader.read()
    if (done) break
    parts.push(value)
    bytes += value.length
  }
  await reader.cancel()
  return Buffer.concat(parts).toString('utf8')
}

/** One short line out of a server's answer: the message in JSON, the title of a page, or its first words. */
export function shortened(text: string): string {
  const json = /"(?:message|error_description|error|detail)"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(text)?.[1]
  const title = /<title[^>]*>([^<]*)/i.exec(text)?.[1] ?? /<message>([^<]*)/i.exec(text)?.[1]
  const words = json ?? title ?? text.replace(/<[^>]*>/g, ' ')
  // a server's text must not move the cursor of somebody's terminal
  const line = words.replace(/[\s\u0000-\u001f\u007f-\u009f]+/g, ' ').trim()
  return line.length > 200 ? `${line.slice(0, 199)}…` : line
}

interface Cause {
  readonly says: string
  readonly again: boolean
  readonly hint?: string
}

const certificateHint = 'Check the address, or add the authority to NODE_EXTRA_CA_CERTS.'
const causes: { readonly [code: string]: Cause } = {
  ENOTFOUND: {
    says: 'there is no host of that name',
    again: false,
    hint: 'Check the name, and the DNS of this machine.',
  },
  EAI_AGAIN: {
    says: 'its name cannot be looked up just now',
    again: true,
    hint: 'Check the DNS of this machine.',
  },
  ECONNREFUSED: {
    says: 'nothing listens there',
    again: true,
    hint: 'Check host and port, and that the server runs.',
  },
  ECONNRESET: { says: 'the connection was cut', again: true },
  EPIPE: { says: 'the connection was cut', again: true },
  UND_ERR_SOCKET: { says: 'the connection was cut', again: true },
  ETIMEDOUT: {
    says: 'no connection came about in time',
    again: true,
    hint: 'Check the network and firewalls.',
  },
  UND_ERR_CONNECT_TIMEOUT: {
    says: 'no connection came about in time',
    again: true,
    hint: 'Check the network.',
  },
  UND_ERR_HEADERS_TIMEOUT: { says: 'it did not answer in time', again: true },
  UND_ERR_BODY_TIMEOUT: { says: 'it stopped sending', again: true },
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: {
    says: 'it sent another number of bytes than it announced',
    again: true,
  },
  EHOSTUNREACH: { says: 'there is no route to it', again: true, hint: 'Check the network.' },
  ENETUNREACH: { says: 'there is no route to it', again: true, hint: 'Check the network.' },
  CERT_HAS_EXPIRED: {
    says: 'its certificate has expired',
    again: false,
    hint: 'The server needs a new certificate.',
  },
  DEPTH_ZERO_SELF_SIGNED_CERT: {
    says: 'its certificate is self-signed',
    again: false,
    hint: certificateHint,
  },
  SELF_SIGNED_CERT_IN_CHAIN: { says: 'its certificate is self-signed', again: false, hint: certificateHint },
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: {
    says: 'its certificate comes from an unknown authority',
    again: false,
    hint: certificateHint,
  },
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: {
    says: 'its certificate comes from an unknown authority',
    again: false,
    hint: certificateHint,
  },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    says: 'its certificate is for another name',
    again: false,
    hint: 'Use the name in the certificate.',
  },
  ERR_SSL_WRONG_VERSION_NUMBER: {
    says: 'it does not speak TLS',
    again: false,
    hint: 'Perhaps the address should begin with http://.',
  },
  EPROTO: { says: 'no TLS connection could be agreed on', again: false },
}

/** The setback that a failed connection is, with the plain cause. */
export function networkSetback(error: unknown, url: URL): Setback {
  const code = deepestCodeOf(error)
  const known = code === undefined ? undefined : causes[code]
  if (code?.startsWith('HPE_') === true) {
    const garbage = new DeployError('SOURCE_GARBAGE', `${showAddress(url)} does not answer in HTTP`, {
      hint: 'Check host and port, and whether it wants https://.',
      details: [code],
    })
    return new Setback(garbage, { again: false })
  }
  const says = known?.says ?? 'the connection failed'
  return new Setback(
    new DeployError('SOURCE_UNREACHABLE', `${showAddress(url)} cannot be reached: ${says}`, {
      hint: known?.hint ?? 'Check the network and try again.',
      ...(code === undefined ? {} : { details: [code] }),
      cause: error,
    }),
    { again: known?.again ?? true },
  )
}

/** fetch wraps the real error, and trying several addresses wraps it again. */
function deepestCodeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  const inner: unknown = error instanceof AggregateError ? error.errors[0] : error.cause
  return deepestCodeOf(inner) ?? systemCodeOf(error)
}
