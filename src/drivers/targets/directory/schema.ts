/** What deploy.yaml may say of a directory target: the schema fragment that validation and editors use. */
import { hostsOptionSchema } from '../../../model/hosts-option.js'
import type { JsonSchema } from '../../../model/schema.js'
import { becomeSchema } from '../../../model/become.js'
import { restartSchema } from './restart-schema.js'

const placePattern = '^(?!/)(?!(.*/)?\\.{1,2}(/|$))(?!.*//)[^\\u0000-\\u001f]+$'
export const transfers = ['archive', 'delta', 'pull'] as const

export const directorySchema: JsonSchema = {
  type: 'object',
  description: 'Release folders behind a `current` link, on a machine’s own disk.',
  required: ['type', 'path'],
  additionalProperties: false,
  properties: {
    type: { const: 'directory', description: 'A directory target.', examples: ['directory'] },
    path: {
      type: 'string',
      minLength: 1,
      description:
        'The folder that holds `releases/`, `shared/` and the link `current`. A relative path starts at the folder of deploy.yaml. It is made when it is not there.',
      examples: ['/srv/api'],
    },
    hosts: hostsOptionSchema,
    shared: {
      type: 'array',
      uniqueItems: true,
      items: { type: 'string', pattern: placePattern, examples: ['.env', 'log/'] },
      default: [],
      description:
        'Files, and folders (with a `/` at the end), that all releases have in common: each is kept in `shared/` and linked into every release. What the first release ships there becomes the shared one.',
      examples: [['.env', 'log/', 'public/uploads/']],
    },
    keepReleases: {
      type: 'integer',
      minimum: 1,
      default: 5,
      description:
        'How many releases that served well stay on disk, the serving one among them, to roll back to. Failed ones do not count.',
      examples: [5],
    },
    restart: restartSchema,
    owner: {
      type: 'string',
      pattern: '^[A-Za-z0-9_][A-Za-z0-9_.-]*(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?$',
      description:
        'Whom the files of a release belong to, `user` or `user:group`, by name or number. Giving them to somebody else takes root.',
      examples: ['www-data:www-data'],
    },
    umask: {
      type: 'string',
      pattern: '^0?[0-7]{3}$',
      description:
        'Bits that the files and folders of a release do not get, whatever its archive says, as `umask` has them.',
      examples: ['027'],
    },
    become: becomeSchema,
    transfer: {
      enum: transfers,
      default: 'archive',
      description:
        'How a release reaches a host: `archive` sends all of it, compressed; `delta` sends only the files that differ from the release that serves there, which are compared by their hashes, and copies the rest on the host; `pull` lets the host fetch the archive itself, by an address that its source gives (http, s3).',
      examples: ['delta'],
    },
    strip: {
      type: 'integer',
      minimum: 0,
      maximum: 20,
      description:
        'How many leading folders of the archive’s paths to leave out; as many as the source says unless given.',
      examples: [1],
    },
    include: {
      type: 'array',
      minItems: 1,
      items: { type: 'string', minLength: 1, examples: ['dist/**'] },
      description: 'Patterns of what to unpack; everything unless given. They see the paths after `strip`.',
      examples: [['dist/**', 'package.json']],
    },
  },
}
