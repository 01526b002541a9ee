/**
 * Posting JSON to an address that is itself a secret. Answers other than 2xx are failures, with what the other side
 * said and its advice on trying again; redirects are not followed, because headers and body are not for strangers.
 */
import type { Clock } from '../../model/clock.js'
import { DeliveryRefused } from '../../model/notifier.js'
import { DeployError, systemCodeOf } from '../../base/deploy-error.js'

const answerLimitBytes = 4096
const shownCharacters = 300

export interface PostRequest {
  readonly url: URL
  readonly headers: { readonly [name: string]: string }
  readonly body: string
}

/** The text of a 2xx answer, its beginning at least. */
export async function post(request: PostRequest, clock: Clock, signal: AbortSignal): Promise<string> {
  const { url, headers, body } = request
  let response: Response
  let text: string
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: {
        ...headers,
        'content-type': 'application/json; charset=utf-8',
        'user-agent': 'deployctl',
        connection: 'close', // a kept connection would keep the process from ending
      },
      body,
      redirect: 'manual',
      signal,
    })
    text = await readBeginning(response)
  } catch (error) {
    throw unreachable(url, error, signal)
  }
  if (!response.ok) throw refused(url, response, text, clock)
  return text
}

/** NOTIFY_FAILED with what the other side answered, cut and without the address, which it may have repeated. */
export function answeredBadly(
  url: URL,
  answer: string,
  text: string,
  advice: DeliveryRefused,
  hint?: string,
): DeployError {
  const said = showable(text, url)
  return new DeployError(
    'NOTIFY_FAILED',
    `${url.origin} answered ${answer}${said === '' ? '' : ` "${said}"`}`,
    {
      ...(hint === undefined ? {} : { hint }),
      cause: advice,
    },
  )
}

function refused(url: URL, response: Response, text: string, clock: Clock): DeployError {
  const { status } = response
  // The other side may be busy or broken for a while; any other refusal will be the same the next time.
  const passing = status >= 500 || status === 408 || status === 425 || status === 429
  const retryAfterMs = parseRetryAfter(response.headers.get('retry-after'), clock.now())
  const advice = new DeliveryRefused(`status ${status}`, passing ? 'later' : 'never', retryAfterMs)
  const redirected = status >= 300 && status < 400
  const hint = redirected ? 'Redirects are not followed: give the address it leads to.' : undefined
  return answeredBadly(url, String(status), text, advice, hint)
}

/** Milliseconds a Retry-After header asks to wait: it holds seconds, or a date. Null when it says nothing. */
export function parseRetryAfter(header: string | null, now: Date): number | null {
  if (header === null) return null
  if (/^\d+$/.test(header.trim())) return Number(header) * 1000
  const date = Date.parse(header)
  return Number.isNaN(date) ? null : Math.max(0, date - now.getTime())
}

async function readBeginning(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  const body = response.body as AsyncIterable<Uint8Array> | null // Node's streams can be iterated, and hold bytes
  // Leaving the loop early cancels the body, and ends its connection.
  for await (const chunk of body ?? []) {
    chunks.push(chunk)
    size += chunk.length
    if (size >= answerLimitBytes) break
  }
  return Buffer.concat(chunks).subarray(0, answerLimitBytes).toString('utf8')
}

/** The answer's text on one line, without control characters and without the secret part of the address. */
function showable(text: string, url: URL): string {
  const parts = [url.href, url.pathname + url.search, url.pathname].filter((part) => part.length > 1)
  const harmless = parts.reduce((rest, part) => rest.replaceAll(part, '…'), text)
  const plain = harmless
    .replaceAll(/[\p{Cc}\p{Cf}]|\s/gu, ' ')
    .replaceAll(/ +/g, ' ')
    .trim()
  return plain.length > shownCharacters ? `${plain.slice(0, shownCharacters)}…` : plain
}

/** fetch hides the reason in its cause; its words are for programmers, so the code is worded here. */
const reasons: { readonly [code: string]: string } = {
  ECONNREFUSED: 'nothing listens there (connection refused)',
  ENOTFOUND: 'its host name is not known (DNS: ENOTFOUND)',
  EAI_AGAIN: 'its host name could not be looked up (DNS: EAI_AGAIN)',
  ECONNRESET: 'it closed the connection without an answer',
  UND_ERR_SOCKET: 'it closed the connection without an answer',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time: is a proxy needed, or a firewall in between?',
  ETIMEDOUT: 'no connection in time: is a proxy needed, or a firewall in between?',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to it',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT:
    'its certificate is self-signed (NODE_EXTRA_CA_CERTS names authorities to trust)',
  SELF_SIGNED_CERT_IN_CHAIN:
    'its certificate is not trusted here (NODE_EXTRA_CA_CERTS names authorities to trust)',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'its certificate is not trusted here (NODE_EXTRA_CA_CERTS names authorities to trust)',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    'its certificate is not trusted here (NODE_EXTRA_CA_CERTS names authorities to trust)',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
}

function unreachable(url: URL, error: unknown, signal: AbortSignal): DeployError {
  if (signal.aborted) return new DeployError('NOTIFY_FAILED', `${url.origin} gave no answer in time`)
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const first: unknown = inner instanceof AggregateError ? (inner.errors[0] ?? inner) : inner
  const code = systemCodeOf(first)
  const known = code === undefined ? undefined : reasons[code]
  const reason = known ?? showable(first instanceof Error ? first.message : String(first), url)
  return new DeployError('NOTIFY_FAILED', `${url.origin} could not be reached: ${reason}`, { cause: first })
}
