/**
 * Being logged in: the Authorization header that a registry wants now. Nothing is shown before the registry asks for it;
 * what it then took is kept while it is good, so that a poll is one request and not three.
 */
import { DeployError } from '../../../base/deploy-error.js'
import type { Ports } from '../../../model/ports.js'
import { retryAfterOf, type Explain, type Refusal } from '../../artifacts/http-trouble.js'
import { Setback, type RetryPolicy } from '../../artifacts/retries.js'
import { readChallenge, type Challenge } from './challenge.js'
import { dockerLogin, type Credentials } from '../../artifacts/docker-login.js'
import { showImage, type ImageName } from '../../artifacts/image-name.js'
import { basic, fetchToken, showCredentials } from './registry-token.js'

/** As in deploy.yaml; may hold references to secrets. */
export interface WrittenLogin {
  readonly username?: string
  readonly password?: string
  readonly token?: string
}

/** What goes into a request, so that it is answered and its refusal understood. */
export interface Badge {
  readonly headers: { readonly [name: string]: string }
  readonly explain: Explain
}

export interface RegistryLogin {
  /** Makes the request; once more, logged in, when the registry asks for it. */
  with<T>(request: (badge: Badge) => Promise<T>, retry: RetryPolicy, signal: AbortSignal): Promise<T>
}

export interface LoginPlace {
  readonly image: ImageName
  readonly origin: string
  readonly written: WrittenLogin
  readonly ports: Ports
  /** The registry wants to be left alone for so long. */
  readonly onLimit: (waitMs: number) => void
}

interface Shown {
  readonly authorization: string
  readonly credentials: Credentials | null
  /** For a token. */
  readonly renewal: { readonly challenge: Challenge; readonly atMs: number } | null
}

export function registryLogin(place: LoginPlace): RegistryLogin {
  const { ports } = place
  let shown: Shown | null = null

  const answer = async (challenge: Challenge, retry: RetryPolicy, signal: AbortSignal): Promise<Shown> => {
    const credentials = await findCredentials(place, signal)
    shown = await answerChallenge(challenge, credentials, place, retry, signal)
    return shown
  }

  /** Before a token runs out, so that no request is wasted on being told so. */
  const current = async (retry: RetryPolicy, signal: AbortSignal): Promise<Shown | null> => {
    const renewal = shown?.renewal ?? null
    if (renewal === null || ports.clock.monotonicMs() < renewal.atMs) return shown
    return answer(renewal.challenge, retry, signal)
  }

  return {
    async with(request, retry, signal) {
      const before = await current(retry, signal)
      const heard: { challenge?: string | null } = {}
      const badge = (now: Shown | null): Badge => ({
        headers: now === null ? {} : { authorization: now.authorization },
        explain: (refusal) => {
          if (refusal.url.origin !== place.origin) return null // files come from another host in the end
          if (refusal.status === 401) heard.challenge = refusal.headers.get('www-authenticate')
          return refusalOf(refusal, now?.credentials ?? null, place)
        },
      })
      try {
        return await request(badge(before))
      } catch (error) {
        const challenge = readChallenge(heard.challenge ?? '')
        if (challenge === null) throw error
        // another request may have logged in meanwhile
        const now = shown !== before && shown !== null ? shown : await answer(challenge, retry, signal)
        return request(badge(now))
      }
    },
  }
}

async function findCredentials(
  { image, written, ports }: LoginPlace,
  signal: AbortSignal,
): Promise<Credentials | null> {
  const reveal = (text: string) => ports.secrets.reveal(text, signal)
  const from = 'deploy.yaml'
  if (written.token !== undefined) return { kind: 'bearer', token: await reveal(written.token), from }
  if (written.username === undefined || written.password === undefined) {
    return dockerLogin(image.registry, ports, signal)
  }
  const [username, password] = [await reveal(written.username), await reveal(written.password)]
  return { kind: 'password', username, password, from }
}

/** How early a token is renewed, at most: requests take time, and clocks differ. */
const earlyMs = 10_000

async function answerChallenge(
  challenge: Challenge,
  credentials: Credentials | null,
  place: LoginPlace,
  retry: RetryPolicy,
  signal: AbortSignal,
): Promise<Shown> {
  if (credentials?.kind === 'bearer') {
    return { authorization: `Bearer ${credentials.token}`, credentials, renewal: null }
  }
  if (challenge.scheme === 'basic') {
    if (credentials?.kind !== 'password') throw denied(credentials, place, [])
    const authorization = basic(credentials.username, credentials.password)
    return { authorization, credentials, renewal: null }
  }
  const { clock } = place.ports
  const { origin, image } = place
  const scope = `repository:${image.repository}:pull`
  const { token, lifetimeMs } = await fetchToken({
    challenge,
    credentials,
    scope,
    origin,
    clock,
    retry,
    signal,
  })
  const atMs = clock.monotonicMs() + lifetimeMs - Math.min(earlyMs, lifetimeMs / 4)
  return { authorization: `Bearer ${token}`, credentials, renewal: { challenge, atMs } }
}

function refusalOf(
  { status, headers, details }: Refusal,
  credentials: Credentials | null,
  place: LoginPlace,
): Setback | null {
  if (status === 429) place.onLimit(retryAfterOf(headers, place.ports.clock) ?? 0)
  if (status !== 401 && status !== 403) return null
  return new Setback(denied(credentials, place, details, status), { again: false })
}

function denied(
  credentials: Credentials | null,
  { image }: LoginPlace,
  details: readonly string[],
  status = 401,
): DeployError {
  const { registry } = image
  if (credentials === null) {
    return new DeployError(
      'SOURCE_DENIED',
      `${registry} wants credentials for ${showImage(image)} (${status})`,
      {
        hint: `Set username: and password: on the source, or log in on this machine with docker login ${registry}.`,
        details,
      },
    )
  }
  const who = showCredentials(credentials)
  const says = `${registry} does not let the login ${who} read ${showImage(image)} (${status})`
  const hint =
    credentials.kind === 'bearer'
      ? 'Most registries want such a token as password:, with a username:; else check what it may read.'
      : 'Check that user and password are right, not expired, and may pull from the repository.'
  return new DeployError('SOURCE_DENIED', says, { hint, details })
}
