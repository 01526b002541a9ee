/** How a bucket is reached, as editors and the validator see it: the options that everything has that speaks to S3. */
import type { JsonSchema } from '../../model/schema.js'

export const s3Properties: { readonly [option: string]: JsonSchema } = {
  bucket: {
    type: 'string',
    description: 'The name of the bucket.',
    pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{1,254}$',
    examples: ['acme-releases'],
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
}
