/** The options of an npm source, as editors and the validator see them. */
import type { JsonSchema } from '../../../model/schema.js'

export const npmSchema: JsonSchema = {
  type: 'object',
  description: 'A package of an npm registry: its versions are the releases, its tarball is the artifact.',
  properties: {
    type: { const: 'npm', description: 'The kind of source.', examples: ['npm'] },
    package: {
      type: 'string',
      description: 'The name of the package, with its scope if it has one.',
      pattern: '^(@[a-z0-9~][a-z0-9._~-]*/)?[A-Za-z0-9~_-][A-Za-z0-9._~-]*$',
      examples: ['@acme/shop-web'],
    },
    registry: {
      type: 'string',
      description:
        "The address of the registry. Without it, npm's own configuration decides (npm_config_registry, .npmrc of the project and of the user, with scopes).",
      pattern: '^https?://',
      examples: ['https://npm.example.com/'],
    },
    token: {
      type: 'string',
      description: "The token to log in with. Without it, the logins in npm's configuration are used.",
      'x-secret': true,
      examples: ['${secret.NPM_TOKEN}'],
    },
    distTag: {
      type: 'string',
      description:
        'Offer only the version that this dist-tag stands for. Without it, tags (`latest` too) change nothing: the versions themselves decide.',
      minLength: 1,
      examples: ['stable'],
    },
  },
  required: ['type', 'package'],
  additionalProperties: false,
}
