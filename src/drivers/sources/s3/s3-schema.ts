/** The options of an s3 source, as editors and the validator see them. */
import type { JsonSchema } from '../../../model/schema.js'
import { s3Properties } from '../../s3/s3-schema.js'
import { templateSchemaPattern } from '../version-pattern.js'

export const s3Schema: JsonSchema = {
  type: 'object',
  description: 'Objects of a bucket of Amazon S3, or of any server that speaks its language.',
  properties: {
    type: { const: 's3', description: 'The kind of source.', examples: ['s3'] },
    ...s3Properties,
    prefix: {
      type: 'string',
      description: 'The folder of the bucket in which the releases are. Without it, the whole bucket.',
      pattern: '^[^{}]*$',
      examples: ['shop/releases'],
    },
    pattern: {
      type: 'string',
      description:
        'What the keys of releases look like, below the prefix: a file name, or folders and a file name. `{version}` may come more than once; a `v` before a number is accepted.',
      pattern: templateSchemaPattern,
      examples: ['shop-{version}.tar.gz', '{version}/shop.tar.gz'],
    },
    anonymous: {
      type: 'boolean',
      description: 'Read a public bucket without logging in.',
      default: false,
      examples: [true],
    },
  },
  required: ['type', 'bucket', 'pattern'],
  additionalProperties: false,
}
