/** Asking a server of S3 one thing, again while that may help, with what goes wrong in our words. */
import type { S3Client } from '@aws-sdk/client-s3'
import { DeployError } from '../../base/deploy-error.js'
import { formatDuration } from '../../base/duration.js'
import type { Ports } from '../../model/ports.js'
import { Setback, withRetries, type RetryPolicy } from '../artifacts/retries.js'
import { watchOver } from '../artifacts/watch.js'
import { unlessAborted } from '../system/unless-aborted.js'
import { lazyClient, type S3Options } from './s3-client.js'
import { s3Setback, type S3Place } from './s3-trouble.js'

/** For one question and all its repetitions. */
const deadlineMs = 60_000

export interface S3Asking {
  readonly client: () => Promise<S3Client>
  readonly placeOf: (made: S3Client, wanted: S3Place['wanted']) => Promise<S3Place>
  readonly ask: <T>(
    wanted: S3Place['wanted'],
    question: (client: S3Client, signal: AbortSignal) => Promise<T>,
    retry: RetryPolicy,
    signal: AbortSignal,
  ) => Promise<T>
}

export function s3Asking(options: S3Options, ports: Ports): S3Asking {
  const client = lazyClient(options, ports)
  const { bucket: Bucket } = options
  const placeOf = async (made: S3Client, wanted: S3Place['wanted']): Promise<S3Place> => {
    const region = await made.config.region().catch(() => 'us-east-1')
    const address = serverAddress(options, region)
    return { bucket: Bucket, region, address, wanted, profile: options.profile ?? null, clock: ports.clock }
  }
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
  return { client, placeOf, ask }
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
