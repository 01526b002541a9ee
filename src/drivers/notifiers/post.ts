/**
 * Posting JSON to an address that is itself a secret. Answers other than 2xx are failures, with what the other side
 * said and its advice on trying again; redirects are not followed, because headers and body are not for strangers.
 */
import type { Clock } from '../../model/clock.js'
import { DeliveryRefused } from '../../model/notifier.js'
import { DeployError } from '../../base/deploy-error.js'
import { networkSetback, shortened } from '../artifacts/http-trouble.js'
import type { Address } from '../artifacts/http-address.js'

const answerLimitBytes = 4096

export interface PostRequest {
  readonly address: Address
  readonly headers: { readonly [name: string]: string }
  readonly body: string
}

/** The text of a 2xx answer, its beginning at least. */
export async function post(request: PostRequest, clock: Clock, signal: AbortSignal): Promise<string> {
  const { headers, body } = request
  const { url } = request.address
  let response: Response
  let text: string
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: {
        ...request.address.headers,
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

/** The answer in a few words, without the secret part of the address, which some servers repeat. */
function showable(text: string, url: URL): string {
  const parts = [url.href, url.pathname + url.search, url.pathname].filter((part) => part.length > 1)
  const harmless = parts.reduce((rest, part) => rest.replaceAll(part, '…'), text)
  return shortened(harmless.replaceAll(/\/\/[^\s/@]+@/g, '//'))
}

/** Only the origin goes into the words: the rest of the address is a secret. */
function unreachable(url: URL, error: unknown, signal: AbortSignal): DeployError {
  if (signal.aborted) return new DeployError('NOTIFY_FAILED', `${url.origin} gave no answer in time`)
  const { shown, again } = networkSetback(error, new URL(url.origin))
  return new DeployError('NOTIFY_FAILED', shown.message, {
    ...(shown.hint === undefined ? {} : { hint: shown.hint }),
    details: shown.details,
    cause: new DeliveryRefused(shown.message, again ? 'later' : 'never'),
  })
}
