/**
 * One HTTP request and the head of its answer, redirects followed by ourselves: fetch would carry secret headers to
 * another origin, go from https to http, and name a loop only as "fetch failed".
 */
import { DeployError } from '../../base/deploy-error.js'
import { parseAddress, showAddress } from './http-address.js'
import { networkSetback } from './http-trouble.js'
import { Setback } from './retries.js'

const mostRedirects = 10
const redirects = new Set([301, 302, 303, 307, 308])
/** Headers that are no secret; everything else stays with the origin it was meant for. */
const anywhere = new Set([
  'accept',
  'accept-encoding',
  'user-agent',
  'range',
  'if-range',
  'if-none-match',
  'if-modified-since',
])

export type HeaderFields = { readonly [name: string]: string }

export interface Call {
  readonly url: string
  readonly method: 'GET' | 'HEAD'
  readonly headers: HeaderFields
}

export interface Answer {
  readonly response: Response
  /** Where it came from in the end. */
  readonly url: URL
}

/** Sends the request and follows redirects. Throws Setback for a failed connection; every other status is an answer. */
export async function exchange(call: Call, signal: AbortSignal): Promise<Answer> {
  const start = parseAddress(call.url)
  let url = start.url
  let headers = lowerCased({ 'user-agent': 'deployctl', ...start.headers, ...call.headers })
  for (let hop = 0; hop <= mostRedirects; hop++) {
    const response = await send(url, call.method, headers, signal)
    const location = redirects.has(response.status) ? response.headers.get('location') : null
    if (location === null) return { response, url }
    await response.body?.cancel()
    const next = nextAddress(url, location)
    if (next.origin !== url.origin) {
      headers = Object.fromEntries(Object.entries(headers).filter(([name]) => anywhere.has(name)))
    }
    url = next
  }
  throw refused(start.url, `redirects more than ${mostRedirects} times, at last to ${showAddress(url)}`)
}

async function send(url: URL, method: string, headers: HeaderFields, signal: AbortSignal): Promise<Response> {
  try {
    return await fetch(url, { method, headers, signal, redirect: 'manual' })
  } catch (error) {
    throw networkSetback(error, url)
  }
}

function nextAddress(from: URL, location: string): URL {
  const next = URL.canParse(location, from.href) ? new URL(location, from.href) : null
  if (next === null || !['http:', 'https:'].includes(next.protocol)) {
    throw refused(from, 'redirects to something that is no http address')
  }
  if (from.protocol === 'https:' && next.protocol === 'http:') {
    throw refused(from, `redirects from https to plain ${showAddress(next)}`)
  }
  next.username = ''
  next.password = ''
  return next
}

function refused(url: URL, what: string): Setback {
  const hint = 'Check the address; the server sends us in a direction that is not followed.'
  return new Setback(new DeployError('SOURCE_UNREACHABLE', `${showAddress(url)} ${what}`, { hint }), {
    again: false,
  })
}

function lowerCased(headers: HeaderFields): HeaderFields {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}
