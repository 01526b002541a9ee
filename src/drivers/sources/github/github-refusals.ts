/**
 * GitHub's own ways of saying no, in words: rate limits that come as 403 or 429, by header or only in the text, and
 * tokens that are not, or not yet, good for what was asked.
 */
import { DeployError } from '../../../base/deploy-error.js'
import { formatDuration } from '../../../base/duration.js'
import type { Clock } from '../../../model/clock.js'
import { retryAfterOf, type Explain, type Refusal } from '../../artifacts/http-trouble.js'
import { Setback } from '../../artifacts/retries.js'
import type { GitHubToken } from './github-token.js'

/** What GitHub wants us to wait when it does not say how long. */
const unsaidWaitMs = 60_000

export interface Caller {
  readonly baseUrl: string
  readonly token: GitHubToken | null
  readonly clock: Clock
  /** A limit was met; nothing more should be asked for so long. */
  readonly onLimit: (waitMs: number) => void
}

export function githubRefusals(caller: Caller): Explain {
  const { origin } = new URL(caller.baseUrl)
  return (refusal) => {
    // assets come from another host in the end, which has no such ways
    if (refusal.url.origin !== origin) return null
    if (isLimit(refusal)) return limited(refusal, caller)
    return caller.token === null ? null : refusedToken(refusal, caller.token)
  }
}

function isLimit({ status, headers, details }: Refusal): boolean {
  if (status === 429) return true
  if (status !== 403) return false
  return (
    headers.get('x-ratelimit-remaining') === '0' || headers.has('retry-after') || isSecondary({ details })
  )
}

/** The one for asking too much at once: its only sure sign is the text. */
function isSecondary({ details }: Pick<Refusal, 'details'>): boolean {
  return details.some((line) => /secondary rate limit|abuse detection/i.test(line))
}

function limited(refusal: Refusal, { token, clock, onLimit }: Caller): Setback {
  const { url, headers, details } = refusal
  const waitMs = retryAfterOf(headers, clock) ?? untilResetMs(headers, clock) ?? unsaidWaitMs
  onLimit(waitMs)
  const until = new Date(clock.now().getTime() + waitMs).toISOString().replace(/T(.*)\..*/, ' $1 UTC')
  const isUsedUp = headers.get('x-ratelimit-remaining') === '0' && !isSecondary(refusal)
  const limit = headers.get('x-ratelimit-limit') ?? 'so many'
  const why = isUsedUp
    ? `the limit of ${limit} requests an hour ${token === null ? 'without a token ' : ''}is used up`
    : 'it was asked too much at once (secondary rate limit)'
  const advice =
    token === null
      ? 'Set token:, or GITHUB_TOKEN in the environment: with one the limit is much higher (on github.com 5,000 an hour instead of 60, which all who share this address have together).'
      : `Everything that uses the token in ${token.from} shares its limit: ask less often, or give deployctl one of its own.`
  const error = new DeployError('SOURCE_RATE_LIMITED', `${url.host} answers no more until ${until}: ${why}`, {
    hint: `Try again in ${formatDuration(Math.max(1000, waitMs))}. ${advice}`,
    details,
  })
  return new Setback(error, { again: true, retryAfterMs: waitMs })
}

/** By GitHub's clock where it tells us, because ours may be wrong. Null while the hour's limit is not used up. */
function untilResetMs(headers: Headers, clock: Clock): number | null {
  const reset = headers.get('x-ratelimit-reset') ?? ''
  if (headers.get('x-ratelimit-remaining') !== '0' || !/^\d{1,12}$/.test(reset)) return null
  const theirNow = Date.parse(headers.get('date') ?? '')
  const nowMs = Number.isNaN(theirNow) ? clock.now().getTime() : theirNow
  return Math.max(1000, Number(reset) * 1000 - nowMs)
}

function refusedToken({ url, status, headers, details }: Refusal, { from }: GitHubToken): Setback | null {
  const denied = (says: string, hint: string): Setback =>
    new Setback(new DeployError('SOURCE_DENIED', `${url.host} ${says} (${status})`, { hint, details }), {
      again: false,
    })
  if (status === 401) {
    return denied(
      `does not accept the token in ${from}`,
      'It has expired, was revoked or is for another server: make a new one, or take it away for a public repository.',
    )
  }
  if (status === 403 && headers.has('x-github-sso')) {
    return denied(
      `wants the token in ${from} to be authorised for the single sign-on of the organisation`,
      'Authorise it in your settings on GitHub, under tokens, "Configure SSO".',
    )
  }
  if (status === 403) {
    return denied(
      `does not let the token in ${from} read this`,
      'It needs read access to the contents of the repository (classic tokens: the scope repo).',
    )
  }
  return null
}
