/** What deploy.yaml may say of a directory target: the schema fragment that validation and editors use. */
import { durationPattern } from '../../../base/duration.js'
import { hostsOptionSchema } from '../../../model/hosts-option.js'
import type { JsonSchema } from '../../../model/schema.js'

const argumentList = { type: 'array', items: { type: 'string' }, minItems: 1 } as const
const placePattern = '^(?!/)(?!(.*/)?\\.{1,2}(/|$))(?!.*//)[^\\u0000-\\u001f]+$'
export const systemdActions = ['restart', 'reload', 'reload-or-restart', 'try-restart'] as const
export const signals = ['HUP', 'INT', 'QUIT', 'TERM', 'USR1', 'USR2', 'WINCH'] as const
export const defaultTimeout = '1m'

const timeout = {
  type: 'string',
  pattern: durationPattern,
  default: defaultTimeout,
  description: 'How long the restart (or the stop) may take before it is ended and has failed.',
  examples: ['90s'],
} as const

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
    restart: {
      description:
        'How the program learns of the new release, right after the link was switched; and again, after it was switched back.',
      examples: [{ systemd: 'shop-api' }],
      oneOf: [
        {
          type: 'object',
          required: ['command'],
          additionalProperties: false,
          properties: {
            command: {
              ...argumentList,
              description:
                'A command as an argument list; it runs in the folder of the release that now serves.',
              examples: [['bin/restart', '--graceful']],
            },
            stop: stopProperty(),
            timeout,
          },
        },
        {
          type: 'object',
          required: ['shell'],
          additionalProperties: false,
          properties: {
            shell: {
              type: 'string',
              minLength: 1,
              description: 'A line for `/bin/sh -c`; it runs in the folder of the release that now serves.',
              examples: ['kill -USR2 "$(cat tmp/puma.pid)"'],
            },
            stop: stopProperty(),
            timeout,
          },
        },
        {
          type: 'object',
          required: ['systemd'],
          additionalProperties: false,
          properties: {
            systemd: {
              type: 'string',
              pattern: '^[A-Za-z0-9:_.@\\\\][A-Za-z0-9:_.@\\\\-]*$',
              description: 'A systemd unit. It is stopped when nothing serves any more.',
              examples: ['shop-api.service'],
            },
            action: {
              enum: [...systemdActions],
              default: 'restart',
              description:
                'What systemd is asked for. `reload` and `try-restart` start nothing; `reload` needs a unit that knows how to.',
              examples: ['reload'],
            },
            user: {
              type: 'boolean',
              default: false,
              description: 'Whether it is a unit of the user’s own service manager (`systemctl --user`).',
              examples: [true],
            },
            timeout,
          },
        },
        {
          type: 'object',
          required: ['pidFile'],
          additionalProperties: false,
          properties: {
            pidFile: {
              type: 'string',
              minLength: 1,
              description:
                'The file with the process’s number. A relative path starts at the target’s `path`.',
              examples: ['/run/nginx.pid'],
            },
            signal: {
              enum: [...signals],
              default: 'HUP',
              description: 'The signal that makes the process take up the new release.',
              examples: ['USR2'],
            },
            stop: {
              enum: [...signals],
              default: 'TERM',
              description: 'The signal that ends the process when nothing serves any more.',
              examples: ['QUIT'],
            },
          },
        },
      ],
    },
    owner: {
      type: 'string',
      pattern: '^[A-Za-z0-9_][A-Za-z0-9_.-]*(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?$',
      description:
        'Whom the files of a release belong to, `user` or `user:group`, by name or number. Giving them to somebody else takes root.',
      examples: ['www-data:www-data'],
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

function stopProperty() {
  return {
    ...argumentList,
    description:
      'A command that stops the program, for when nothing serves any more. Nothing is run without it.',
    examples: [['bin/stop']],
  }
}
