/**
 * Amazon's client as we use it: made when it is first needed, with the login that deploy.yaml names or the one its own
 * rules find, without retries of its own (ours know the clock and say what they did), and silent.
 */
import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3'
import { DeployError } from '../../base/deploy-error.js'
import type { Ports } from '../../model/ports.js'
import type { DriverSpec } from '../../model/spec.js'
import { withVariable } from '../system/with-variable.js'

/** As the schema admits them. */
export type S3Options = DriverSpec & {
  readonly bucket: string
  readonly prefix?: string
  readonly pattern: string
  readonly region?: string
  readonly endpoint?: string
  readonly pathStyle?: boolean
  readonly profile?: string
  readonly anonymous?: boolean
  readonly accessKeyId?: string
  readonly secretAccessKey?: string
  readonly sessionToken?: string
}

/** Options that are each fine and together make no sense. */
export function refuseContradictions(options: S3Options): void {
  const { accessKeyId, secretAccessKey, sessionToken, anonymous, profile } = options
  const hasKey = accessKeyId !== undefined || secretAccessKey !== undefined || sessionToken !== undefined
  if (hasKey && (accessKeyId === undefined || secretAccessKey === undefined)) {
    throw new DeployError('CONFIG_INVALID', 'an access key takes accessKeyId: and secretAccessKey:', {
      hint: 'Set both, or neither.',
    })
  }
  const logins = [
    hasKey && 'accessKeyId:',
    profile !== undefined && 'profile:',
    anonymous === true && 'anonymous:',
  ]
  const named = logins.filter((login) => login !== false)
  if (named.length < 2) return
  throw new DeployError('CONFIG_INVALID', `${named.join(' and ')} are two ways to log in`, {
    hint: 'Keep one of them.',
  })
}

/** Makes the client once; a failure to make it is not kept. */
export function lazyClient(options: S3Options, ports: Ports): () => Promise<S3Client> {
  let made: Promise<S3Client> | null = null
  return () => {
    made ??= makeClient(options, ports).catch((error: unknown) => {
      made = null
      throw error
    })
    return made
  }
}

async function makeClient(options: S3Options, ports: Ports): Promise<S3Client> {
  const { S3Client } = await import('@aws-sdk/client-s3')
  const { endpoint, pathStyle = endpoint !== undefined, profile } = options
  const region = options.region ?? regionOf(ports.env, endpoint)
  const silent = (): void => undefined
  const settings: S3ClientConfig = {
    ...(region === undefined ? {} : { region }),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(profile === undefined ? {} : { profile }),
    ...loginOf(options, ports),
    forcePathStyle: pathStyle,
    maxAttempts: 1,
    // other servers know no checksums in trailers; ours are held against the release's digest anyway
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { connectionTimeout: 15_000 },
    logger: { trace: silent, debug: silent, info: silent, warn: silent, error: silent },
  }
  // it would tell every user that Node 20 is old
  return withVariable(
    'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED',
    'true',
    () => new S3Client(settings),
  )
}

/** What Amazon's command line reads as well; the client itself knows the first one and the profile. */
function regionOf(env: Ports['env'], endpoint: string | undefined): string | undefined {
  const set = [env['AWS_REGION'], env['AWS_DEFAULT_REGION']].find((name) => name !== undefined && name !== '')
  return set ?? (endpoint === undefined ? undefined : 'us-east-1')
}

function loginOf(options: S3Options, { secrets }: Ports): S3ClientConfig {
  const { accessKeyId, secretAccessKey, sessionToken } = options
  if (options.anonymous === true) {
    return {
      credentials: { accessKeyId: '', secretAccessKey: '' },
      signer: { sign: (request) => Promise.resolve(request) },
    }
  }
  if (accessKeyId === undefined || secretAccessKey === undefined) return {}
  return {
    credentials: async () => ({
      accessKeyId: await secrets.reveal(accessKeyId),
      secretAccessKey: await secrets.reveal(secretAccessKey),
      ...(sessionToken === undefined ? {} : { sessionToken: await secrets.reveal(sessionToken) }),
    }),
  }
}
