/**
 * A lease as one object of a bucket, changed by conditional writes: made when there is none (If-None-Match), replaced when
 * it is still the one that was read (If-Match). A server that takes no notice of the conditions would let two hosts hold one
 * slot, so that is tried out before the first write counts.
 */
import type { S3Client } from '@aws-sdk/client-s3'
import { DeployError } from '../../base/deploy-error.js'
import type { Lease, LeaseDriver, LeaseText } from '../../model/lease.js'
import type { Ports } from '../../model/ports.js'
import type { DriverSpec } from '../../model/spec.js'
import { patientPolicy, type RetryPolicy } from '../artifacts/retries.js'
import { s3Asking } from '../s3/s3-asking.js'
import { refuseContradictions, type S3Options } from '../s3/s3-client.js'
import { s3Properties } from '../s3/s3-schema.js'

/** Half of an expiry may be four seconds: better asked again by the next sign of life. */
const quickPolicy: RetryPolicy = { ...patientPolicy, retries: 1 }

export const s3Lease = {
  type: 's3',
  schema: {
    type: 'object',
    description:
      'A lease in a bucket of Amazon S3, or of any server that speaks its language and honours conditional writes.',
    properties: {
      type: { const: 's3', description: 'The kind of lease.', examples: ['s3'] },
      ...s3Properties,
      prefix: {
        type: 'string',
        minLength: 1,
        default: 'deployctl',
        description: 'The folder of the bucket in which leases are.',
        pattern: '^[^{}]*$',
        examples: ['deployctl'],
      },
    },
    required: ['type', 'bucket'],
    additionalProperties: false,
  },
  create(name, options: DriverSpec & { readonly bucket?: string; readonly prefix?: string }, ports): Lease {
    const { bucket = '', prefix = 'deployctl' } = options
    const full: S3Options = { ...options, bucket, pattern: '' }
    refuseContradictions(full)
    return leaseAt(`${prefix.replace(/\/+$/, '')}/${name}/waves.json`, full, ports)
  },
} as const satisfies LeaseDriver

type Condition = { readonly IfMatch: string } | { readonly IfNoneMatch: '*' }

function leaseAt(Key: string, options: S3Options, ports: Ports): Lease {
  const server = s3Asking(options, ports)
  const { bucket: Bucket } = options
  let known: LeaseText | null = null
  let isTried = false

  /** False when the condition did not hold. */
  const put = async (text: string, condition: Condition, signal: AbortSignal): Promise<boolean> => {
    const { PutObjectCommand } = await import('@aws-sdk/client-s3')
    const input = { Bucket, Key, Body: text, ContentType: 'application/json', ...condition }
    const send = async (made: S3Client, abortSignal: AbortSignal): Promise<boolean> => {
      try {
        await made.send(new PutObjectCommand(input), { abortSignal })
        return true
      } catch (error) {
        if (isUnmet(error)) return false
        throw statusOf(error) === 501 ? ignored(options, error) : error
      }
    }
    return server.ask('lease', send, quickPolicy, signal)
  }
  const tryOut = async (text: string, signal: AbortSignal): Promise<void> => {
    if (isTried) return
    const another = await put(text, { IfNoneMatch: '*' }, signal)
    if (another || (await put(text, { IfMatch: '0'.repeat(32) }, signal))) throw ignored(options)
    isTried = true
  }

  return {
    async read(signal) {
      const { GetObjectCommand } = await import('@aws-sdk/client-s3')
      const before = known
      const input = { Bucket, Key, ...(before === null ? {} : { IfNoneMatch: `"${before.mark}"` }) }
      const send = async (made: S3Client, abortSignal: AbortSignal): Promise<LeaseText | null> => {
        try {
          const { Body, ETag = '' } = await made.send(new GetObjectCommand(input), { abortSignal })
          return { text: (await Body?.transformToString()) ?? '', mark: bare(ETag) }
        } catch (error) {
          if (statusOf(error) === 304) return before
          if (error instanceof Error && error.name === 'NoSuchKey') return null
          throw error
        }
      }
      known = await server.ask('lease', send, quickPolicy, signal)
      return known
    },
    async writeIf(mark, text, signal) {
      if (mark !== null && known !== null) await tryOut(known.text, signal)
      const isWritten = await put(text, mark === null ? { IfNoneMatch: '*' } : { IfMatch: mark }, signal)
      if (isWritten && mark === null) await tryOut(text, signal)
      return isWritten
    },
  }
}

/** 409: two writes at once, of which Amazon takes neither. A missing key: it was removed meanwhile. */
function isUnmet(error: unknown): boolean {
  return [409, 412].includes(statusOf(error)) || (error instanceof Error && error.name === 'NoSuchKey')
}

/** Without its quotation marks: some servers compare them as well, and none insists on them. */
function bare(etag: string): string {
  return etag.replaceAll('"', '')
}

function statusOf(error: unknown): number {
  if (!(error instanceof Error) || !('$metadata' in error)) return 0
  const { httpStatusCode = 0 } = error.$metadata as { readonly httpStatusCode?: number } // as Amazon's client has it
  return httpStatusCode
}

function ignored({ endpoint, bucket }: S3Options, cause?: unknown): DeployError {
  const where = endpoint === undefined ? `the bucket ${bucket}` : new URL(endpoint).host
  return new DeployError(
    'CONFIG_INVALID',
    `${where} takes no notice of conditional writes, so that two hosts could hold one slot`,
    {
      hint: 'Use a server that honours If-Match and If-None-Match on writes, or a lease of type: folder.',
      cause,
    },
  )
}
