/** The options of a github source, as editors and the validator see them. */
import type { JsonSchema } from '../../../model/schema.js'
import { patternSchemaPattern } from '../version-pattern.js'

export const githubSchema: JsonSchema = {
  type: 'object',
  description: 'The releases of a GitHub repository: each is one of the files attached to it.',
  properties: {
    type: { const: 'github', description: 'The kind of source.', examples: ['github'] },
    repository: {
      type: 'string',
      description: 'The owner and the name of the repository.',
      pattern: '^[A-Za-z0-9_-]+/[A-Za-z0-9._-]+$',
      examples: ['acme/shop-api'],
    },
    asset: {
      type: 'string',
      description:
        'The name of the attached file that is deployed, with {version}, {tag}, {os} and {arch} where they stand in it. {os} and {arch} are those of this machine, in any of their usual spellings. Without it, the first plan shows the names there are.',
      minLength: 1,
      pattern: '^([^{}/]|\\{(version|tag|os|arch)\\})+$',
      examples: ['shop-api_{version}_{os}_{arch}.tar.gz'],
    },
    tag: {
      type: 'string',
      description:
        'What a release tag looks like. A `v` before the number is accepted and not part of the version.',
      pattern: patternSchemaPattern,
      default: '{version}',
      examples: ['api-{version}'],
    },
    token: {
      type: 'string',
      description:
        'The token to read with. Without it, GH_TOKEN or GITHUB_TOKEN; public repositories need none, but one raises the rate limit.',
      'x-secret': true,
      examples: ['${secret.GITHUB_TOKEN}'],
    },
    baseUrl: {
      type: 'string',
      description:
        'The address of the API of a GitHub Enterprise server. Plain http is for this machine only.',
      pattern: '^(https://[^/]|http://(localhost|127\\.0\\.0\\.1|\\[::1\\])(:|/|$))',
      default: 'https://api.github.com',
      examples: ['https://ghe.example.com/api/v3'],
    },
  },
  required: ['type', 'repository'],
  additionalProperties: false,
}
