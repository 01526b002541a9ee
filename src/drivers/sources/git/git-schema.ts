/** The options of a git source, as editors and the validator see them. */
import { durationPattern } from '../../../base/duration.js'
import type { JsonSchema } from '../../../model/schema.js'
import { patternSchemaPattern } from '../version-pattern.js'

export const gitSchema: JsonSchema = {
  type: 'object',
  description: 'The tags of a git repository: each is checked out by its commit, and built if you say how.',
  properties: {
    type: { const: 'git', description: 'The kind of source.', examples: ['git'] },
    repository: {
      type: 'string',
      description: 'Where the repository is: any address that git takes (https, ssh, file, a path).',
      // an address that begins with a dash would be an option to git; `name::` runs a program of that name
      pattern: '^(?!-)(?![A-Za-z0-9]+::).+$',
      examples: ['https://git.example.com/acme/shop.git', 'git@git.example.com:acme/shop.git'],
    },
    pattern: {
      type: 'string',
      description:
        'What a release tag looks like. A `v` before the number is accepted and not part of the version.',
      pattern: patternSchemaPattern,
      default: '{version}',
      examples: ['shop-{version}'],
    },
    user: {
      type: 'string',
      description: 'The user that belongs to the token; most servers take any.',
      default: 'git',
      examples: ['oauth2'],
    },
    token: {
      type: 'string',
      description: 'The token for an https repository. Without it, git asks its credential helpers.',
      'x-secret': true,
      examples: ['${secret.GIT_TOKEN}'],
    },
    submodules: {
      type: 'boolean',
      description: 'Whether submodules are checked out too, and theirs.',
      default: false,
      examples: [true],
    },
    shallow: {
      type: 'boolean',
      description:
        'Fetch only the commit itself, without its history. Turn it off for builds that read the history.',
      default: true,
      examples: [false],
    },
    build: {
      type: 'array',
      description:
        'Commands that make the release out of the checkout, each an argument list, run in the checkout in this order. DEPLOYCTL_VERSION and DEPLOYCTL_COMMIT are set.',
      items: {
        type: 'array',
        items: { type: 'string' },
        minItems: 1,
        description: 'A program and its arguments.',
      },
      default: [],
      examples: [
        [
          ['npm', 'ci'],
          ['npm', 'run', 'build'],
        ],
      ],
    },
    buildTimeout: {
      type: 'string',
      description: 'How long each build command may take.',
      pattern: durationPattern,
      default: '10m',
      examples: ['30m'],
    },
  },
  required: ['type', 'repository'],
  additionalProperties: false,
}
