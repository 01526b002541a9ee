/** A bucket of S3 behind Amazon's client: the three things that a source asks of one. */
import type { HeadObjectCommandOutput, ListObjectsV2CommandOutput, S3Client } from '@aws-sdk/client-s3'
import { DeployError } from '../../../base/deploy-error.js'
import { formatDuration } from '../../../base/duration.js'
import { digestOf } from '../../../base/hash.js'
import type { Ports } from '../../../model/ports.js'
import { patientPolicy, Setback, withRetries, type RetryPolicy } from '../../artifacts/retries.js'
import { watchOver } from '../../artifacts/watch.js'
import { unlessAborted } from '../../system/unless-aborted.js'
import type { BucketClient, PinnedObject, StoredObject } from '../bucket/bucket-source.js'
import { lazyClient, type S3Options } from './s3-client.js'
import { s3Explain, s3Setback, type S3Place } from './s3-trouble.js'
import { signAddress } from './sign-address.js'

/** For one question and all its repetitions. */
const deadlineMs = 60_000
const quickPolicy: RetryPolicy = { ...patientPolicy, retries: 3 }

export function s3Bucket(options: S3Options, ports: Ports): BucketClient {
  const client = lazyClient(options, ports)
  const { bucket: Bucket } = options
  const placeOf = async (made: S3Client, wanted: S3Place['wanted']): Promise<S3Place> => {
    const region = await made.config.region().catch(() => 'us-east-1')
    const address = serverAddress(options, region)
    return { bucket: Bucket, region, address, wanted, profile: options.profile ?? null, clock: ports.clock }
  }
  /** One question, asked again while that may help, and what went wrong in our words. */
  const ask = async <T>(
    wanted: S3Place['wanted'],
    question: (client: S3Client, signal: AbortSignal) => Promise<T>,
    retry: RetryPolicy,
    signal: AbortSignal,
  ): Promise<T> => {
    const limits = { stallMs: Infinity, deadlineAtMs: ports.clock.monotonicMs() + deadlineMs }
    const attempt = async (): Promise<T> => {
      const watch = watchOver(limits, ports.clock, signal)
      const made = await client()
      try {
        // looking for a login (a metadata server, a command) does not listen to signals
        return await unlessAborted(question(made, watch.signal), watch.signal)
      } catch (error) {
        const place = await placeOf(made, wanted)
        const why = watch.endedBy()
        if (why !== null) throw interrupted(why === 'cancelled', place)
        throw s3Setback(error, place)
      } finally {
        watch.end()
      }
    }
    return withRetries(attempt, retry, ports.clock, signal)
  }

  return {
    async list(begins, retry, signal) {
      const { ListObjectsV2Command } = await import('@aws-sdk/client-s3')
      const objects: StoredObject[] = []
      let token: string | undefined
      do {
        const from = token
        const input = { Bucket, Prefix: begins, ...(from === undefined ? {} : { ContinuationToken: from }) }
        const page = await ask(
          'listing',
          async (made, abortSignal) => {
            const answer = await made.send(new ListObjectsV2Command(input), { abortSignal })
            refuseOtherThanListing(answer, from)
            return answer
          },
          retry,
          signal,
        )
        objects.push(...(page.Contents ?? []).flatMap(storedObject))
        token = page.IsTruncated === true ? page.NextContinuationToken : undefined
      } while (token !== undefined)
      return objects
    },
    async pin({ key: Key }, signal) {
      const { HeadObjectCommand } = await import('@aws-sdk/client-s3')
      const input = { Bucket, Key, ChecksumMode: 'ENABLED' } as const
      const head = await ask(
        'object',
        (made, abortSignal) => made.send(new HeadObjectCommand(input), { abortSignal }),
        quickPolicy,
        signal,
      )
      return pinnedObject(Key, head)
    },
    async requestFor({ key: Key, edition }, signal) {
      const { GetObjectCommand } = await import('@aws-sdk/client-s3')
      const input = { Bucket, Key, ...(edition === null ? {} : { VersionId: edition }) }
      const url = await ask(
        'object',
        (made) => signAddress(made, new GetObjectCommand(input), ports.clock.now()),
        quickPolicy,
        signal,
      )
      return { url, headers: {}, explain: s3Explain(await placeOf(await client(), 'object')) }
    },
  }
}

function interrupted(isCancelled: boolean, { bucket, address }: S3Place): Setback {
  const error = isCancelled
    ? new DeployError('CANCELLED', `reading the bucket ${bucket} was cancelled`)
    : new DeployError('TIMEOUT', `${address.host} did not answer within ${formatDuration(deadlineMs)}`, {
        hint: 'Check the network and the server, then try again.',
      })
  return new Setback(error, { again: false })
}

/** For messages: where the bucket is looked for. */
function serverAddress({ endpoint, bucket }: S3Options, region: string): URL {
  return new URL(endpoint ?? `https://${bucket}.s3.${region}.amazonaws.com`)
}

/** The client makes an empty listing out of anything, a login page included. */
function refuseOtherThanListing(answer: ListObjectsV2CommandOutput, token: string | undefined): void {
  const isListing =
    answer.Name !== undefined || answer.KeyCount !== undefined || answer.Contents !== undefined
  const isStuck = answer.IsTruncated === true && [undefined, token].includes(answer.NextContinuationToken)
  if (isListing && !isStuck) return
  const what = isStuck ? 'gives the same page of a listing again and again' : 'did not answer with a listing'
  throw new DeployError('SOURCE_GARBAGE', `the server ${what}`, {
    hint: 'Check endpoint: a login page, a proxy, or another kind of server may have answered.',
  })
}

function storedObject(object: NonNullable<ListObjectsV2CommandOutput['Contents']>[number]): StoredObject[] {
  const { Key: key, Size: size = 0, ETag, LastModified } = object
  if (key === undefined) return []
  const storedAt = LastModified?.toISOString() ?? null
  return [{ key, size, storedAt, mark: digestOf({ ETag, size, storedAt }) }]
}

function pinnedObject(key: string, head: HeadObjectCommandOutput): PinnedObject {
  const { ContentLength: size = 0, ETag, VersionId } = head
  // "null" is the name of the one content that a bucket without versions keeps, whatever it is
  const edition = VersionId === undefined || VersionId === 'null' ? null : VersionId
  return { key, edition, size, sha256: wholeSha256(head), mark: digestOf({ ETag, size, VersionId }) }
}

/** A checksum of checksums (of the parts it was uploaded in) says nothing of the whole. */
function wholeSha256({ ChecksumSHA256, ChecksumType }: HeadObjectCommandOutput): string | null {
  if (ChecksumSHA256 === undefined || ChecksumType === 'COMPOSITE') return null
  if (!/^[A-Za-z0-9+/]{43}=$/.test(ChecksumSHA256)) return null
  return Buffer.from(ChecksumSHA256, 'base64').toString('hex')
}
