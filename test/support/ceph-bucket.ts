/** A bucket of its own on the S3 server that the tests share, with what deploy.yaml needs to write to it. */
import { randomBytes } from 'node:crypto'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { withVariable } from '../../src/drivers/system/with-variable.js'
import { addressOf } from './needs.js'

type CephBucket = {
  readonly type: 's3'
  readonly endpoint: string
  readonly bucket: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** Only inside a test of `testWith('ceph-rgw')`. */
export async function cephBucket(): Promise<CephBucket> {
  const { endpoint, ...credentials } = JSON.parse(addressOf('ceph-rgw')) as {
    readonly endpoint: string
    readonly accessKeyId: string
    readonly secretAccessKey: string
  }
  const bucket = `lease-${randomBytes(8).toString('hex')}`
  // the client writes into the credentials it is given
  const settings = { endpoint, credentials: { ...credentials }, region: 'us-east-1', forcePathStyle: true }
  const warning = 'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'
  const client = withVariable(warning, 'true', () => new S3Client(settings))
  await client.send(new CreateBucketCommand({ Bucket: bucket }))
  client.destroy()
  return { type: 's3', endpoint, bucket, ...credentials }
}
