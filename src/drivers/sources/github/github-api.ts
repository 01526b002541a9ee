/**
 * The three requests that are made of GitHub's API: a page of releases, the release of a tag, and the bytes of an asset.
 *
 * Octokit knows the routes and how to log in; the connection is ours (readText), so that patience, limits, redirects
 * and messages are those of every other source. What is asked here is left alone for a while after it failed.
 */
import { DeployError } from '../../../base/deploy-error.js'
import type { Ports } from '../../../model/ports.js'
import type { Explain } from '../../artifacts/http-trouble.js'
import { readText, type Unchanged } from '../../artifacts/read-text.js'
import { patientPolicy, type RetryPolicy } from '../../artifacts/retries.js'
import { respite } from '../respite.js'
import { githubRefusals } from './github-refusals.js'
import { readRelease, readReleases, type GitHubRelease } from './github-releases.js'
import { findToken, type GitHubToken } from './github-token.js'

export interface GitHubPlace {
  /** Without a slash at the end. */
  readonly baseUrl: string
  readonly owner: string
  readonly repository: string
  /** As in deploy.yaml. */
  readonly token: string | undefined
}

export interface ReleasePage {
  readonly status: 'fresh'
  readonly releases: readonly GitHubRelease[]
  readonly etag: string | null
  readonly hasNext: boolean
}

/** What a download of an asset takes; the same address always stands for the same bytes. */
export interface AssetRequest {
  readonly url: string
  readonly headers: { readonly [name: string]: string }
  readonly explain: Explain
}

export interface GitHubApi {
  /** A page of at most 100 releases, newest first, from 1; unchanged only when asked with an ETag. */
  page(number: number, etag: string | null, signal: AbortSignal): Promise<ReleasePage | Unchanged>
  /** Null when there is no published release of that tag, or no such repository. */
  releaseOf(tag: string, signal: AbortSignal): Promise<GitHubRelease | null>
  assetUrl(id: number): string
  /** The token goes only to the API itself, wherever the address leads. */
  assetRequest(url: string, signal: AbortSignal): Promise<AssetRequest>
}

/** Longer waits that the server asks for are told to the user instead of sat out. */
const policy: RetryPolicy = { ...patientPolicy, retries: 3, patienceMs: 10_000 }
/** A hundred releases with long notes and many assets. */
const longestPageBytes = 128 * 2 ** 20

export function githubApi(place: GitHubPlace, ports: Ports): GitHubApi {
  const { baseUrl, owner, repository: repo } = place
  const where = new URL(baseUrl).host
  const rest = respite(ports.clock)
  const tokenFor = (signal: AbortSignal) => findToken(place.token, baseUrl, ports, signal)
  const refusalsFor = (token: GitHubToken | null) =>
    githubRefusals({ baseUrl, token, clock: ports.clock, onLimit: (ms) => rest.atLeast(ms) })

  /** Answers null for "not modified". */
  const ask = <T>(signal: AbortSignal, request: (octokit: Client) => Promise<T>): Promise<T | null> =>
    rest.around(async (failing) => {
      const token = await tokenFor(signal)
      const fetch = patientFetch(
        refusalsFor(token),
        failing ? { ...policy, retries: 0 } : policy,
        ports,
        signal,
      )
      return request(await makeClient(baseUrl, token, fetch)).catch((error: unknown) => {
        if (statusOf(error) === 304) return null
        throw ownErrorIn(error)
      })
    })

  return {
    async page(number, etag, signal) {
      const headers = etag === null ? {} : { 'if-none-match': etag }
      const question = { owner, repo, per_page: 100, page: number, headers }
      const answer = await ask(signal, (octokit) => octokit.rest.repos.listReleases(question))
      if (answer === null) return { status: 'unchanged' }
      return {
        status: 'fresh',
        releases: readReleases(answer.data, where),
        etag: answer.headers.etag ?? null,
        hasNext: /rel="next"/.test(answer.headers.link ?? ''),
      }
    },
    async releaseOf(tag, signal) {
      const question = { owner, repo, tag }
      const answer = await ask(signal, (octokit) => octokit.rest.repos.getReleaseByTag(question)).catch(
        (error: unknown) => {
          if (error instanceof DeployError && error.code === 'SOURCE_NOT_FOUND') return null
          throw error
        },
      )
      return answer === null ? null : readRelease(answer.data, where)
    },
    assetUrl: (id) => `${baseUrl}/repos/${owner}/${repo}/releases/assets/${id}`,
    async assetRequest(url, signal) {
      const token = new URL(url).origin === new URL(baseUrl).origin ? await tokenFor(signal) : null
      const login: { readonly [name: string]: string } =
        token === null ? {} : { authorization: `token ${token.value}` }
      return { url, headers: { accept: 'application/octet-stream', ...login }, explain: refusalsFor(token) }
    },
  }
}

type Client = Awaited<ReturnType<typeof makeClient>>
type Fetch = ReturnType<typeof patientFetch>

async function makeClient(baseUrl: string, token: GitHubToken | null, fetch: Fetch) {
  const { Octokit } = await import('@octokit/rest')
  const silent = () => undefined
  return new Octokit({
    baseUrl,
    userAgent: 'deployctl',
    ...(token === null ? {} : { auth: token.value }),
    log: { debug: silent, info: silent, warn: silent, error: silent },
    request: { fetch },
  })
}

/** Our way of reading a document, in the shape of fetch. Its errors come back wrapped in Octokit's. */
function patientFetch(explain: Explain, retry: RetryPolicy, { clock }: Ports, signal: AbortSignal) {
  return async (url: string, init: { readonly headers: { readonly [name: string]: string } }) => {
    const { 'if-none-match': etag = null, ...headers } = init.headers
    const answer = await readText({
      url,
      headers,
      etag,
      maxBytes: longestPageBytes,
      explain,
      retry,
      clock,
      signal,
    })
    if (answer.status === 'unchanged') return new Response(null, { status: 304 })
    return new Response(answer.body, { headers: answer.headers })
  }
}

function statusOf(error: unknown): unknown {
  return error instanceof Error && 'status' in error ? error.status : undefined
}

function ownErrorIn(error: unknown): unknown {
  return error instanceof Error && error.cause instanceof DeployError ? error.cause : error
}
