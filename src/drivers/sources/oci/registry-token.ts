/**
 * Tokens for a registry: exchanging a login (or none) at the place the registry names for a token that is good for a
 * while. Apart from the requests that need it, because it speaks to another server and has troubles of its own.
 */
import { DeployError } from '../../../base/deploy-error.js'
import type { Clock } from '../../../model/clock.js'
import { bodyReader } from '../../artifacts/body-reader.js'
import { showAddress } from '../../artifacts/http-address.js'
import { networkSetback, statusSetback, type Refusal } from '../../artifacts/http-trouble.js'
import { readText } from '../../artifacts/read-text.js'
import { Setback, withRetries, type RetryPolicy } from '../../artifacts/retries.js'
import { watchOver } from '../../artifacts/watch.js'
import type { Challenge } from './challenge.js'
import type { Credentials } from '../../artifacts/docker-login.js'
import { recordIn, textIn } from '../../artifacts/json-fields.js'

export interface TokenRequest {
  readonly challenge: Extract<Challenge, { readonly scheme: 'bearer' }>
  readonly credentials: Exclude<Credentials, { readonly kind: 'bearer' }> | null
  /** When the registry does not say what it is about. */
  readonly scope: string
  /** The registry's own; its login is not sent over plain HTTP unless it speaks that itself. */
  readonly origin: string
  readonly clock: Clock
  readonly retry: RetryPolicy
  readonly signal: AbortSignal
}

export interface RegistryToken {
  readonly token: string
  readonly lifetimeMs: number
}

const longestAnswerBytes = 2 ** 20
const deadlineMs = 60_000
/** When the server does not say how long its token is good: what the protocol says then. */
const unsaidLifetimeS = 60

export async function fetchToken(request: TokenRequest): Promise<RegistryToken> {
  const { challenge, credentials } = request
  const realm = realmOf(challenge.realm, request.origin)
  const answer =
    credentials?.kind === 'identity' ? await exchanged(realm, request) : await asked(realm, request)
  const fields = recordIn(parsed(answer))
  const token = textIn(fields?.['token']) ?? textIn(fields?.['access_token'])
  if (token === null || !/^[\x21-\x7e]+$/.test(token)) {
    throw new DeployError('SOURCE_GARBAGE', `${showAddress(realm)} did not answer with a token`, {
      hint: 'Check image:; a login page or a proxy may have answered instead of the registry.',
    })
  }
  const seconds = fields?.['expires_in']
  const lifetimeS = typeof seconds === 'number' && seconds > 0 ? seconds : unsaidLifetimeS
  return { token, lifetimeMs: lifetimeS * 1000 }
}

function realmOf(text: string, origin: string): URL {
  const realm = URL.canParse(text) ? new URL(text) : null
  const allowed = origin.startsWith('http:') ? ['https:', 'http:'] : ['https:']
  if (realm !== null && allowed.includes(realm.protocol)) return realm
  const where = realm === null ? 'nowhere' : showAddress(realm)
  throw new DeployError('SOURCE_GARBAGE', `${origin} sends us to ${where} for a token`, {
    hint: 'A login is only sent to an https address; the configuration of the registry has to name one.',
  })
}

/** With a user and a password, or without anything. */
async function asked(realm: URL, request: TokenRequest): Promise<string> {
  const { credentials, clock, retry, signal } = request
  const url = new URL(realm)
  for (const [name, value] of questionOf(request)) url.searchParams.set(name, value)
  const headers =
    credentials?.kind === 'password'
      ? { authorization: basic(credentials.username, credentials.password) }
      : {}
  const explain = (refusal: Refusal): Setback | null => refusedLogin(refusal, request)
  const maxBytes = longestAnswerBytes
  const answer = await readText({
    url: url.href,
    headers,
    explain,
    maxBytes,
    deadlineMs,
    retry,
    clock,
    signal,
  })
  return answer.status === 'fresh' ? answer.body : ''
}

/** An identity token is posted: in an address it would end up in logs. */
async function exchanged(realm: URL, request: TokenRequest): Promise<string> {
  const { credentials, clock, retry, signal } = request
  const form = new URLSearchParams([...questionOf(request), ['grant_type', 'refresh_token']])
  form.set('client_id', 'deployctl')
  if (credentials?.kind === 'identity') form.set('refresh_token', credentials.token)
  const explain = (refusal: Refusal): Setback | null => refusedLogin(refusal, request)
  const attempt = async (): Promise<string> => {
    const watch = watchOver(
      { stallMs: deadlineMs, deadlineAtMs: clock.monotonicMs() + deadlineMs },
      clock,
      signal,
    )
    try {
      const sent = { method: 'POST', body: form, redirect: 'error', signal: watch.signal } as const
      const response = await fetch(realm, sent)
      if (!response.ok) throw await statusSetback(response, realm, clock, 'SOURCE_NOT_FOUND', explain)
      return await beginningOf(response)
    } catch (error) {
      if (watch.endedBy() === 'cancelled')
        throw new DeployError('CANCELLED', 'logging in was cancelled', { cause: error })
      throw error instanceof Setback ? error : networkSetback(error, realm)
    } finally {
      watch.end()
    }
  }
  return withRetries(attempt, retry, clock, signal)
}

async function beginningOf(response: Response): Promise<string> {
  const reader = bodyReader(response)
  const parts: Uint8Array[] = []
  for (let bytes = 0; bytes <= longestAnswerBytes;) {
    const next = await reader?.read()
    if (next === undefined || next.done) break
    parts.push(next.value)
    bytes += next.value.length
  }
  await reader?.cancel()
  return Buffer.concat(parts).toString('utf8')
}

function questionOf({ challenge, scope }: TokenRequest): readonly [string, string][] {
  const service: [string, string][] = challenge.service === null ? [] : [['service', challenge.service]]
  return [...service, ['scope', challenge.scope ?? scope]]
}

function refusedLogin({ url, status, details }: Refusal, { credentials }: TokenRequest): Setback | null {
  if (![400, 401, 403].includes(status)) return null
  const says =
    credentials === null
      ? `${url.host} gives no token without a login (${status})`
      : `${url.host} does not accept the login ${showCredentials(credentials)} (${status})`
  const hint =
    'Set username: and password: on the source, or log in with docker login; then check what the user may read.'
  return new Setback(new DeployError('SOURCE_DENIED', says, { hint, details }), { again: false })
}

/** For messages: who, and where that was found. */
export function showCredentials(credentials: Credentials): string {
  return credentials.kind === 'password'
    ? `of ${credentials.username} (from ${credentials.from})`
    : `from ${credentials.from}`
}

export function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

function parsed(text: string): unknown {
  try {
    // JSON.parse answers any; unknown makes the caller look before it believes
    return JSON.parse(text) as unknown
  } catch {
    return null
  }
}
