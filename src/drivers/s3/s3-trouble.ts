/**
 * S3's own ways of saying no, in words: one table for what Amazon's client throws and for what a download is answered.
 * The names are Amazon's; other servers use the same.
 */
import { DeployError, type ErrorCode } from '../../base/deploy-error.js'
import { formatDuration } from '../../base/duration.js'
import type { Clock } from '../../model/clock.js'
import { networkSetback, retryAfterOf, shortened, type Explain } from '../artifacts/http-trouble.js'
import { Setback } from '../artifacts/retries.js'

export interface S3Place {
  readonly bucket: string
  readonly region: string
  /** Where it is looked for. */
  readonly address: URL
  /** What was asked for: a 404 without a name means that this is missing. */
  readonly wanted: 'listing' | 'object' | 'lease'
  /** The profile that deploy.yaml names. */
  readonly profile: string | null
  readonly clock: Clock
}

/** An answer that is a no, from wherever it came. */
interface Refusal {
  /** Amazon's name for it; empty where the answer had no body, as those to HEAD. */
  readonly code: string
  readonly status: number
  readonly says: string
  /** Where the bucket really is, if the server says so. */
  readonly region: string | null
  readonly headers: Headers
}

interface Meaning {
  readonly code: ErrorCode
  readonly says: (place: S3Place, refusal: Refusal) => string
  readonly hint: string | ((place: S3Place, refusal: Refusal) => string)
  readonly again?: boolean
}

const denied: Meaning = {
  code: 'SOURCE_DENIED',
  says: ({ bucket, wanted }) =>
    `the bucket ${bucket} may not be ${wanted === 'lease' ? 'read and written' : 'read'} with this login`,
  hint: ({ wanted }) =>
    `It needs ${
      wanted === 'lease'
        ? 's3:GetObject and s3:PutObject on the lease, and s3:ListBucket on the bucket'
        : 's3:ListBucket on the bucket and s3:GetObject on its objects'
    }; check which login is used, and the policies of the bucket.`,
}
const elsewhere: Meaning = {
  code: 'SOURCE_NOT_FOUND',
  says: ({ bucket, region }, { region: real }) =>
    real === null || real === region
      ? `the bucket ${bucket} is not in the region ${region}`
      : `the bucket ${bucket} is in the region ${real}, not in ${region}`,
  hint: (_place, { region }) =>
    region === null ? 'Set region: to the region of the bucket.' : `Set region: ${region} on the source.`,
}
const expired: Meaning = {
  code: 'SOURCE_DENIED',
  says: ({ bucket }) => `the login for the bucket ${bucket} has expired or is no longer valid`,
  hint: 'Log in again (aws sso login, a new session token), or use a login that lasts.',
}
const slower: Meaning = {
  code: 'SOURCE_RATE_LIMITED',
  says: ({ address }) => `${address.host} has had too many requests`,
  hint: 'Try again later, and ask less often.',
  again: true,
}
const failing: Meaning = {
  code: 'SOURCE_UNREACHABLE',
  says: ({ address }, { status }) => `${address.host} answered with an error (${status})`,
  hint: 'The server has a problem; try again.',
  again: true,
}
const missing: Meaning = {
  code: 'ARTIFACT_MISSING',
  says: ({ bucket }) => `the bucket ${bucket} does not have the object (any more)`,
  hint: 'Upload it, or choose another version.',
}
const skewed: Meaning = {
  code: 'SOURCE_DENIED',
  says: ({ clock, address }, { headers }) => {
    const theirs = Date.parse(headers.get('date') ?? '')
    const differenceMs = Math.abs(clock.now().getTime() - theirs)
    return Number.isNaN(differenceMs)
      ? `the clocks of this machine and of ${address.host} differ too much`
      : `the clocks of this machine and of ${address.host} differ by ${formatDuration(differenceMs)}`
  },
  hint: 'Set the clock of this machine (timedatectl, chrony); signatures hold for a quarter of an hour.',
  // the client has learned the other clock from the answer
  again: true,
}

const noBucket: Meaning = {
  code: 'SOURCE_NOT_FOUND',
  says: ({ bucket, address }) => `${address.host} has no bucket ${bucket}`,
  hint: 'Check bucket:, endpoint: and the account of the login.',
}

const meanings: { readonly [code: string]: Meaning } = {
  NoSuchBucket: noBucket,
  InvalidBucketName: {
    code: 'SOURCE_NOT_FOUND',
    says: ({ bucket }) => `${bucket} is no name of a bucket`,
    hint: 'Check bucket:.',
  },
  AccessDenied: denied,
  AllAccessDisabled: denied,
  AccountProblem: denied,
  InvalidAccessKeyId: {
    code: 'SOURCE_DENIED',
    says: ({ address }) => `${address.host} does not know the access key`,
    hint: 'Check accessKeyId: (or the profile, or AWS_ACCESS_KEY_ID), and that it belongs to this server.',
  },
  SignatureDoesNotMatch: {
    code: 'SOURCE_DENIED',
    says: ({ address }) =>
      `${address.host} does not accept the signature: the secret access key is another one`,
    hint: 'Check secretAccessKey: (or the profile, or AWS_SECRET_ACCESS_KEY); it may have been cut when it was copied.',
  },
  ExpiredToken: expired,
  ExpiredTokenException: expired,
  InvalidToken: expired,
  TokenRefreshRequired: expired,
  RequestTimeTooSkewed: skewed,
  RequestExpired: skewed,
  PermanentRedirect: elsewhere,
  AuthorizationHeaderMalformed: elsewhere,
  AuthorizationQueryParametersError: elsewhere,
  IllegalLocationConstraintException: elsewhere,
  SlowDown: slower,
  Throttling: slower,
  ThrottlingException: slower,
  RequestLimitExceeded: slower,
  TooManyRequests: slower,
  TooManyRequestsException: slower,
  ServiceUnavailable: failing,
  InternalError: failing,
  RequestTimeout: failing,
  NoSuchKey: missing,
  NoSuchVersion: missing,
  NotFound: missing,
  InvalidObjectState: {
    code: 'SOURCE_DENIED',
    says: ({ bucket }) => `the object in the bucket ${bucket} is archived and cannot be read as it is`,
    hint: 'Restore it (aws s3api restore-object), or keep releases out of the rules that archive objects.',
  },
}

/** What a status means where no name came with it. */
function meaningOf({ code, status }: Refusal, wanted: S3Place['wanted']): Meaning | undefined {
  const isListing = wanted === 'listing'
  const named = meanings[code]
  if (named !== undefined) return named === missing && isListing ? noBucket : named
  if (status === 301 || status === 307) return elsewhere
  if (status === 401 || status === 403) return denied
  if (status === 404 || status === 405 || status === 410) return isListing ? noBucket : missing
  if (status === 429) return slower
  return status >= 500 ? failing : undefined
}

/** For downloads. What it does not know is left to the usual meaning of the status. */
export function s3Explain(place: S3Place): Explain {
  return ({ status, headers, body }) => {
    const code = /<Code>([^<]+)<\/Code>/.exec(body)?.[1] ?? ''
    if (meanings[code] === undefined) return null
    const region = /<Region>([^<]+)<\/Region>/.exec(body)?.[1] ?? headers.get('x-amz-bucket-region')
    return refusalSetback({ code, status, headers, region, says: shortened(body) }, place)
  }
}

/** For whatever comes out of Amazon's client. */
export function s3Setback(error: unknown, place: S3Place): Setback {
  if (error instanceof Setback) return error
  if (error instanceof DeployError) return new Setback(error, { again: false })
  const refusal = refusalIn(error)
  if (refusal === null) return ownTrouble(error, place) ?? networkSetback(error, place.address)
  return refusalSetback(refusal, place, error)
}

function refusalSetback(refusal: Refusal, place: S3Place, cause?: unknown): Setback {
  const details = refusal.says === '' ? [] : [`it said: ${refusal.says}`]
  const meaning = meaningOf(refusal, place.wanted)
  if (meaning === undefined)
    return garbage(`answered with ${refusal.status}, which makes no sense here`, place, details)
  const { code, says, hint, again = false } = meaning
  const words = typeof hint === 'string' ? hint : hint(place, refusal)
  return new Setback(new DeployError(code, says(place, refusal), { hint: words, details, cause }), {
    again,
    retryAfterMs: retryAfterOf(refusal.headers, place.clock),
  })
}

function garbage(what: string, { address }: S3Place, details: readonly string[]): Setback {
  const hint = 'Check endpoint: and bucket:; a proxy, or another kind of server, may have answered.'
  return new Setback(new DeployError('SOURCE_GARBAGE', `${address.host} ${what}`, { hint, details }), {
    again: false,
  })
}

/** The client's errors are plain objects beside their message; null for one that is no answer of the server. */
function refusalIn(error: unknown): Refusal | null {
  if (!(error instanceof Error)) return null
  // each of these is looked at before it is believed
  const { $metadata, $response, Region, Code } = error as Error & Record<string, unknown>
  const status = numberAt($metadata, 'httpStatusCode')
  if (status === null || status < 300) return null
  const headers = headersAt($response)
  const region = typeof Region === 'string' ? Region : headers.get('x-amz-bucket-region')
  const code = typeof Code === 'string' ? Code : error.name
  const says = error.message === 'UnknownError' ? '' : shortened(error.message)
  return { code, status, says, region, headers }
}

/** No login, no region, an answer that could not be read: trouble that never was on the network. */
function ownTrouble(error: unknown, place: S3Place): Setback | null {
  if (!(error instanceof Error)) return null
  const details = [shortened(error.message)]
  const refused = (code: ErrorCode, message: string, hint: string) =>
    new Setback(new DeployError(code, message, { hint, details, cause: error }), { again: false })
  if (/CredentialsProviderError|TokenProviderError/.test(error.name)) {
    return refused(
      'SOURCE_DENIED',
      `no login for the bucket ${place.bucket} was found${place.profile === null ? '' : ` in the profile ${place.profile}`}`,
      'Set accessKeyId: and secretAccessKey:, or profile:, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; or anonymous: true for a public bucket.',
    )
  }
  if (error.message.includes('Region is missing')) {
    return refused(
      'CONFIG_INVALID',
      `it is not known in which region the bucket ${place.bucket} is`,
      'Set region: on the source, or AWS_REGION.',
    )
  }
  // cut connections have this name too, and a code beside it
  if (error.name === 'TimeoutError' && !('code' in error)) {
    const says = `${place.address.host} cannot be reached: no connection came about in time`
    const hint = 'Check the network and firewalls.'
    return new Setback(new DeployError('SOURCE_UNREACHABLE', says, { hint, details, cause: error }), {
      again: true,
    })
  }
  if ('$responseBodyText' in error || '$response' in error)
    return garbage('did not answer as S3 does', place, details)
  return null
}

function numberAt(value: unknown, name: string): number | null {
  if (typeof value !== 'object' || value === null || !(name in value)) return null
  const found = (value as Record<string, unknown>)[name] // it has the name
  return typeof found === 'number' ? found : null
}

function headersAt(response: unknown): Headers {
  const written =
    typeof response === 'object' && response !== null && 'headers' in response ? response.headers : {}
  const headers = new Headers()
  for (const [name, value] of Object.entries(written ?? {})) {
    if (typeof value === 'string') headers.set(name, value)
  }
  return headers
}
