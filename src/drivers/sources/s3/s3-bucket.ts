/** A bucket of S3 behind Amazon's client: the three things that a source asks of one. */
import type { HeadObjectCommandOutput, ListObjectsV2CommandOutput } from '@aws-sdk/client-s3'
import { DeployError } from '../../../base/deploy-error.js'
import { digestOf } from '../../../base/hash.js'
import type { Ports } from '../../../model/ports.js'
import { patientPolicy, type RetryPolicy } from '../../artifacts/retries.js'
import type { BucketClient, PinnedObject, StoredObject } from '../bucket/bucket-source.js'
import { s3Asking } from '../../s3/s3-asking.js'
import type { S3Options } from '../../s3/s3-client.js'
import { s3Explain } from '../../s3/s3-trouble.js'
import { signAddress } from './sign-address.js'

const quickPolicy: RetryPolicy = { ...patientPolicy, retries: 3 }

export function s3Bucket(options: S3Options, ports: Ports): BucketClient {
  const { bucket: Bucket } = options
  const { client, placeOf, ask } = s3Asking(options, ports)

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
