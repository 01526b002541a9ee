/** The options of an s3 source, as editors and the validator see them. */
import type { JsonSchema } from '../../../model/schema.js'
import { templateSchemaPattern } from '../version-pattern.js'

export const s3Schema: JsonSchema = {
  type: 'object',
  description: 'Objects of a bucket of Amazon S3, or of any server that speaks its language.',
  properties: {
    type: { const: 's3', description: 'The kind of source.', examples: ['s3'] },
    bucket: {
      type: 'string',
      description: 'The name of the bucket.',
      pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$',
      examples: ['acme-releases'],
    },
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
    region: {
      type: 'string',
      description:
        'The region of the bucket. Without it, AWS_REGION, or that of the profile; servers other than Amazon usually take any.',
      minLength: 1,
      examples: ['eu-central-1'],
    },
    endpoint: {
      type: 'string',
      description: 'The address of a server other than Amazon.',
      pattern: '^https?://',
      examples: ['https://s3.example.com'],
    },
    pathStyle: {
      type: 'boolean',
      description:
        'Whether the bucket is named in the path (https://host/bucket) and not in the host name. Without it, true for an endpoint and false for Amazon.',
      examples: [true],
    },
    profile: {
      type: 'string',
      description: 'The profile of the AWS configuration files to log in with.',
      minLength: 1,
      examples: ['deploy'],
    },
    anonymous: {
      type: 'boolean',
      description: 'Read a public bucket without logging in.',
      default: false,
      examples: [true],
    },
    accessKeyId: {
      type: 'string',
      description:
        'The access key to log in with. Without it, what AWS tools find: environment, profile, container, instance.',
      'x-secret': true,
      examples: ['${secret.S3_ACCESS_KEY_ID}'],
    },
    secretAccessKey: {
      type: 'string',
      description: 'The secret that belongs to the access key.',
      'x-secret': true,
      examples: ['${secret.S3_SECRET_ACCESS_KEY}'],
    },
    sessionToken: {
      type: 'string',
      description: 'The token that belongs to a temporary access key.',
      'x-secret': true,
      examples: ['${secret.S3_SESSION_TOKEN}'],
    },
  },
  required: ['type', 'bucket', 'pattern'],
  additionalProperties: false,
}
