/** How a program learns of another release, as deploy.yaml says it: a part of the directory target's schema. */
import { durationPattern } from '../../../base/duration.js'
import type { JsonSchema } from '../../../model/schema.js'

export const systemdActions = ['restart', 'reload', 'reload-or-restart', 'try-restart'] as const
export const signals = ['HUP', 'INT', 'QUIT', 'TERM', 'USR1', 'USR2', 'WINCH'] as const
/** Those that `sv` can send and that do not end the supervision. */
export const runitSignals = ['HUP', 'INT', 'QUIT', 'TERM', 'USR1', 'USR2'] as const
export const defaultTimeout = '1m'

const argumentList = { type: 'array', items: { type: 'string' }, minItems: 1 } as const

const timeout = {
  type: 'string',
  pattern: durationPattern,
  default: defaultTimeout,
  description: 'How long the restart (or the stop) may take before it is ended and has failed.',
  examples: ['90s'],
} as const

export const restartSchema: JsonSchema = {
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
          description: 'A command as an argument list; it runs in the folder of the release that now serves.',
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
      required: ['runit'],
      additionalProperties: false,
      properties: {
        runit: {
          type: 'string',
          pattern: '^(/[^\\u0000-\\u001f]+|[A-Za-z0-9_][A-Za-z0-9_.@-]*)$',
          description:
            'A service of runit, by its name or by the absolute path of its folder; `sv restart` is run. It is stopped when nothing serves any more.',
          examples: ['shop-api', '/srv/service/shop-api'],
        },
        signal: {
          enum: [...runitSignals],
          description: 'A signal that is sent instead of a restart, once the service runs.',
          examples: ['HUP'],
        },
        timeout,
      },
    },
    {
      type: 'object',
      required: ['supervisor'],
      additionalProperties: false,
      properties: {
        supervisor: {
          type: 'string',
          pattern: '^[A-Za-z0-9_][A-Za-z0-9_.@-]*(:([A-Za-z0-9_][A-Za-z0-9_.@-]*|\\*))?$',
          description:
            'A program of supervisor, `group:program`, or `group:*` for all of a group; `supervisorctl restart` is run. It is stopped when nothing serves any more.',
          examples: ['shop-api', 'shop:*'],
        },
        config: {
          type: 'string',
          minLength: 1,
          description: 'The configuration that supervisorctl reads, unless it finds the right one itself.',
          examples: ['/etc/supervisor/supervisord.conf'],
        },
        signal: {
          enum: [...signals],
          description: 'A signal that is sent instead of a restart, once the program runs.',
          examples: ['HUP'],
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
          description: 'The file with the process’s number. A relative path starts at the target’s `path`.',
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
}

function stopProperty() {
  return {
    ...argumentList,
    description:
      'A command that stops the program, for when nothing serves any more. Nothing is run without it.',
    examples: [['bin/stop']],
  }
}
