/** Releases that are objects of a bucket of Amazon S3, or of a server that speaks its language. */
import type { SourceDriver } from '../../../model/source.js'
import { bucketLayout } from '../bucket/bucket-layout.js'
import { bucketSource } from '../bucket/bucket-source.js'
import { s3Bucket } from './s3-bucket.js'
import { refuseContradictions, type S3Options } from '../../s3/s3-client.js'
import { s3Schema } from './s3-schema.js'

export const s3Source: SourceDriver = {
  type: 's3',
  schema: s3Schema,
  create(name, written, ports) {
    const options = written as S3Options // validated by s3Schema
    refuseContradictions(options)
    const parts = {
      source: name,
      scheme: 's3',
      bucket: options.bucket,
      server: options.endpoint ?? 'amazon',
      layout: bucketLayout(options),
      client: s3Bucket(options, ports),
      isAddressEnough: true,
    }
    return bucketSource(parts, ports)
  },
}
