/** The options of a gcs source, as editors and the validator see them. */
import type { JsonSchema } from '../../../model/schema.js'
import { templateSchemaPattern } from '../version-pattern.js'

export const gcsSchema: JsonSchema = {
  type: 'object',
  description: 'Objects of a bucket of Google Cloud Storage.',
  properties: {
    type: { const: 'gcs', description: 'The kind of source.', examples: ['gcs'] },
    bucket: {
      type: 'string',
      description: 'The name of the bucket.',
      pattern: '^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$',
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
        'What the names of releases look like, below the prefix: a file name, or folders and a file name. `{version}` may come more than once; a `v` before a number is accepted.',
      pattern: templateSchemaPattern,
      examples: ['shop-{version}.tar.gz', '{version}/shop.tar.gz'],
    },
    keyFile: {
      type: 'string',
      description:
        "The file with the key of a service account, or any other credentials file of Google's. Without it: GOOGLE_APPLICATION_CREDENTIALS, gcloud's own login, the metadata server of the machine.",
      minLength: 1,
      examples: ['./secrets/deployer.json'],
    },
    anonymous: {
      type: 'boolean',
      description: 'Read a public bucket without logging in.',
      default: false,
      examples: [true],
    },
    endpoint: {
      type: 'string',
      description:
        'The address of an emulator or another server. Without it, STORAGE_EMULATOR_HOST, then Google. Nothing but a keyFile is used to log in there.',
      pattern: '^https?://',
      examples: ['http://127.0.0.1:4443'],
    },
  },
  required: ['type', 'bucket', 'pattern'],
  additionalProperties: false,
}
