/** A bucket of Google Cloud Storage, over the JSON API and our own HTTP: the three things that a source asks of one. */
import { DeployError } from '../../../base/deploy-error.js'
import type { Clock } from '../../../model/clock.js'
import type { Ports } from '../../../model/ports.js'
import { retryAfterOf, type Explain } from '../../artifacts/http-trouble.js'
import { readJson } from '../../artifacts/read-text.js'
import { Setback, type RetryPolicy } from '../../artifacts/retries.js'
import type { BucketClient, PinnedObject } from '../bucket/bucket-source.js'
import { listedFields, readPage, type GcsObject } from './gcs-listing.js'
import type { GcsLogin } from './gcs-login.js'

export interface GcsPlace {
  readonly bucket: string
  /** Without a slash at the end. */
  readonly server: string
}

export function gcsBucket(
  { bucket, server }: GcsPlace,
  login: GcsLogin,
  { clock }: Ports,
): BucketClient<GcsObject> {
  const objects = `${server}/storage/v1/b/${encodeURIComponent(bucket)}/o`
  const explain = gcsExplain(bucket, clock)
  const pageAt = async (token: string | null, begins: string, retry: RetryPolicy, signal: AbortSignal) => {
    const query = new URLSearchParams({ prefix: begins, maxResults: '1000', fields: listedFields })
    if (token !== null) query.set('pageToken', token)
    const headers = await login(signal)
    const answer = await readJson({
      url: `${objects}?${query.toString()}`,
      headers,
      explain,
      retry,
      clock,
      signal,
    })
    if (answer.status === 'unchanged')
      throw new Error('"unchanged" in answer to a request without a condition')
    return readPage(answer.body)
  }
  return {
    async list(begins, retry, signal) {
      const found: GcsObject[] = []
      const seen = new Set<string>()
      let token: string | null = null
      do {
        const page = await pageAt(token, begins, retry, signal)
        found.push(...page.objects)
        token = page.next
        if (token !== null && seen.has(token)) throw circular()
        if (token !== null) seen.add(token)
      } while (token !== null)
      return found
    },
    pin({ key, generation, size, mark, encoded }) {
      // Google knows an MD5 and a CRC32C of its objects: neither proves anything
      const pinned: PinnedObject = { key, edition: generation, size, mark, encoded, sha256: null }
      return Promise.resolve(pinned)
    },
    async requestFor({ key, edition }, signal) {
      const generation = edition === null ? '' : `&generation=${edition}`
      const url = `${objects}/${encodeURIComponent(key)}?alt=media${generation}`
      return { url, headers: await login(signal), explain }
    },
  }
}

function circular(): DeployError {
  return new DeployError('SOURCE_GARBAGE', 'the server gives the same page of a listing again and again', {
    hint: 'Check endpoint: another kind of server may have answered.',
  })
}

/** Google's own ways of saying no; everything else is left to the usual meaning of the status. */
function gcsExplain(bucket: string, clock: Clock): Explain {
  return ({ url, status, headers, details, body }) => {
    const no = (
      code: 'SOURCE_DENIED' | 'SOURCE_NOT_FOUND' | 'SOURCE_RATE_LIMITED',
      says: string,
      hint: string,
    ) =>
      new Setback(new DeployError(code, says, { hint, details }), {
        again: code === 'SOURCE_RATE_LIMITED',
        retryAfterMs: retryAfterOf(headers, clock),
      })
    if (status === 429 || (status === 403 && /"reason":\s*"(userR|r)ateLimitExceeded"/.test(body))) {
      return no(
        'SOURCE_RATE_LIMITED',
        `${url.host} has had too many requests for the bucket ${bucket}`,
        'Try again later, and ask less often.',
      )
    }
    if (status === 401) {
      return no(
        'SOURCE_DENIED',
        `the bucket ${bucket} wants a login that holds (401)`,
        'Log in again, or set keyFile: to the key of a service account that is enabled; a public bucket takes anonymous: true.',
      )
    }
    if (status === 403) {
      return no(
        'SOURCE_DENIED',
        `the bucket ${bucket} may not be read with this login (403)`,
        'Give the account the role Storage Object Viewer (roles/storage.objectViewer) on the bucket.',
      )
    }
    const isListing = !url.searchParams.has('alt')
    if (status === 404 && (isListing || /specified bucket does not exist/i.test(body))) {
      return no(
        'SOURCE_NOT_FOUND',
        `${url.host} has no bucket ${bucket}`,
        'Check bucket:, and endpoint: if you have set one.',
      )
    }
    return null
  }
}
