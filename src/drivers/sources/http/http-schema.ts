/** The options of an http source, as editors and the validator see them. */
import type { JsonSchema } from '../../../model/schema.js'
import { patternSchemaPattern, templateSchemaPattern } from '../version-pattern.js'

const field = (description: string, example: string, usual: string): JsonSchema => ({
  type: 'string',
  description,
  minLength: 1,
  default: usual,
  examples: [example],
})

export const httpSchema: JsonSchema = {
  type: 'object',
  description:
    'Files on a web server: versions from an index or from a list here, addresses from the index or a template.',
  properties: {
    type: { const: 'http', description: 'The kind of source.', examples: ['http'] },
    index: {
      type: 'string',
      description:
        'The address of a list of releases: JSON, or text with a line for each (a SHA256SUMS file is one).',
      pattern: '^https?://',
      examples: ['https://downloads.example.com/shop/releases.json'],
    },
    versions: {
      type: 'array',
      description: 'The versions there are, where no index lists them.',
      items: { type: 'string', minLength: 1, description: 'A version.', examples: ['1.4.2'] },
      minItems: 1,
      examples: [['1.4.1', '1.4.2']],
    },
    list: {
      type: 'string',
      description:
        'Where in a JSON index the list is: names with dots between them. Without it, the document is the list.',
      minLength: 1,
      examples: ['data.releases'],
    },
    fields: {
      type: 'object',
      description:
        'What the fields of an entry of a JSON index are called; dots lead into objects and lists.',
      properties: {
        version: field('The version.', 'tag_name', 'version'),
        url: field('The address of the file; it may be relative to the index.', 'assets.0.href', 'url'),
        sha256: field('The SHA-256 of the file, in hexadecimal.', 'checksums.sha256', 'sha256'),
        size: field('The size of the file in bytes.', 'bytes', 'size'),
        publishedAt: field('When it was published (ISO 8601).', 'created', 'publishedAt'),
      },
      additionalProperties: false,
      examples: [{ version: 'tag_name', url: 'assets.0.href' }],
    },
    pattern: {
      type: 'string',
      description: 'What the names in a text index look like. A `v` before the number is accepted.',
      pattern: patternSchemaPattern,
      default: '{version}',
      examples: ['shop-{version}.tar.gz'],
    },
    url: {
      type: 'string',
      description: 'The address of the file of a version; it overrides the addresses in the index.',
      pattern: `^https?://.*${templateSchemaPattern}`,
      examples: ['https://downloads.example.com/shop/{version}/shop-{version}.tar.gz'],
    },
    sha256: {
      type: 'string',
      description: 'The address of a checksum file for a version, for when the index has no SHA-256.',
      pattern: '^https?://',
      examples: ['https://downloads.example.com/shop/{version}/SHA256SUMS'],
    },
    headers: {
      type: 'object',
      description: 'Headers sent with every request, to the hosts written here and to no other.',
      additionalProperties: { type: 'string', 'x-secret': true, description: 'The value of the header.' },
      examples: [{ Authorization: 'Bearer ${secret.DOWNLOAD_TOKEN}' }],
    },
  },
  required: ['type'],
  anyOf: [{ required: ['index'] }, { required: ['versions', 'url'] }],
  additionalProperties: false,
}
