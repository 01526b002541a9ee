/** What deploy.yaml may say of a process target: the schema fragment that validation and editors use. */
import { durationPattern } from '../../../base/duration.js'
import { sizePattern } from '../../../base/size.js'
import type { JsonSchema } from '../../../model/schema.js'
import { kernelLimitExample, kernelLimitSchema } from '../kernel-limit-schema.js'
import { directorySchema } from '../directory/schema.js'

export const processDefaults = {
  supervisor: 'deployctl',
  workers: 1,
  stopSignal: 'TERM',
  stopTimeout: '30s',
  settle: '1s',
  restarts: { limit: 5, within: '1m' },
  log: { maxSize: '10MiB', keep: 5 },
  socketMode: '0666',
} as const

export const supervisors = ['deployctl', 'systemd'] as const
const stopSignals = ['TERM', 'INT', 'QUIT', 'HUP', 'USR1', 'USR2', 'WINCH'] as const

/** By prlimit's names. */
const limitNames = [
  'as',
  'core',
  'cpu',
  'data',
  'fsize',
  'locks',
  'memlock',
  'msgqueue',
  'nice',
  'nofile',
  'nproc',
  'rss',
  'rtprio',
  'rttime',
  'sigpending',
  'stack',
]

const duration = (description: string, byDefault: string) => ({
  type: 'string',
  pattern: durationPattern,
  default: byDefault,
  description,
  examples: [byDefault],
})
const mode = '^0?[0-7]{3}$'
const unixPath = '/[^\\u0000]{1,99}'

/** Releases lie as those of a directory target do. */
function releaseProperties(): { readonly [name: string]: JsonSchema } {
  const all = directorySchema['properties'] as { readonly [name: string]: JsonSchema } // as directory/schema.ts has it
  const names = ['path', 'shared', 'keepReleases', 'owner', 'strip', 'include']
  return Object.fromEntries(names.map((one) => [one, all[one] ?? {}]))
}

export const processSchema: JsonSchema = {
  type: 'object',
  description:
    'Server mode: deployctl runs the app itself, on this machine. It holds the listening sockets and hands them to each release, so that no connection is refused while releases change.',
  required: ['type', 'path', 'command'],
  additionalProperties: false,
  properties: {
    type: { const: 'process', description: 'A process target.', examples: ['process'] },
    ...releaseProperties(),
    command: {
      type: 'array',
      items: { type: 'string', minLength: 1 },
      minItems: 1,
      description:
        'The program and its arguments. A program with a slash in its name is looked for in the release, any other in PATH.',
      examples: [['node', 'server.mjs']],
    },
    listen: {
      type: 'array',
      uniqueItems: true,
      default: [],
      items: {
        oneOf: [
          {
            type: 'string',
            pattern: `^(unix:${unixPath}|[0-9.]+:[0-9]{1,5}|\\[[0-9A-Fa-f:.]+\\]:[0-9]{1,5})$`,
            examples: ['0.0.0.0:8080', '[::]:8080', 'unix:/run/shop/api.sock'],
          },
          {
            type: 'object',
            required: ['unix'],
            additionalProperties: false,
            properties: {
              unix: {
                type: 'string',
                pattern: `^${unixPath}$`,
                description: 'The path of a Unix socket; its folder has to be there.',
                examples: ['/run/shop/api.sock'],
              },
              mode: {
                type: 'string',
                pattern: mode,
                default: processDefaults.socketMode,
                description: 'Who may connect, as the mode of the socket’s file.',
                examples: ['0660'],
              },
            },
          },
        ],
      },
      description:
        'Where the app listens: addresses with a port, and Unix sockets. deployctl opens them and hands them over as SERVER_STARTER_PORT, and as LISTEN_FDS with LISTEN_PID, in this order, from descriptor 3 on.',
      examples: [['0.0.0.0:8080', '[::]:8080'], [{ unix: '/run/shop/api.sock', mode: '0660' }]],
    },
    workers: {
      type: 'integer',
      minimum: 1,
      maximum: 256,
      default: processDefaults.workers,
      description: 'How many processes run side by side, all with the same sockets.',
      examples: [4],
    },
    env: {
      type: 'object',
      description:
        'Environment variables. Beside these, the app gets PATH and the language of deployctl’s own environment, and nothing else. A reference to a secret is replaced at the start and kept in memory only.',
      patternProperties: { '^[A-Za-z_][A-Za-z0-9_]*$': { type: 'string', 'x-secret': true } },
      additionalProperties: false,
      examples: [{ API_URL: 'https://api.example.com', DB_PASSWORD: '${secret.DB_PASSWORD}' }],
    },
    user: {
      type: 'string',
      pattern: '^[A-Za-z0-9_][A-Za-z0-9_.-]*(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?$',
      description:
        'The user it runs as, `user` or `user:group`, by name or number; without a group, with those that the user has. Another user than who deploys takes root.',
      examples: ['www-data', 'www-data:adm'],
    },
    workingDirectory: {
      type: 'string',
      pattern: '^(?!/)(?!(.*/)?\\.\\.(/|$))[^\\u0000]+$',
      default: '.',
      description: 'The folder it starts in, inside the release.',
      examples: ['app'],
    },
    umask: {
      type: 'string',
      pattern: mode,
      description: 'The mask for files that it makes; that of deployctl unless given.',
      examples: ['0027'],
    },
    limits: {
      type: 'object',
      description:
        'Limits of the kernel for each process, by the names that prlimit has for them; one number, or soft and hard.',
      patternProperties: {
        [`^(${limitNames.join('|')})$`]: kernelLimitSchema(0),
      },
      additionalProperties: false,
      examples: [kernelLimitExample],
    },
    stopSignal: {
      enum: [...stopSignals],
      default: processDefaults.stopSignal,
      description: 'What asks it to finish what it is doing, accept nothing more, and end.',
      examples: ['QUIT'],
    },
    stopTimeout: duration(
      'How long it may take to end after that signal before it is killed.',
      processDefaults.stopTimeout,
    ),
    settle: duration(
      'How long a new release must be up on the real sockets, beside the old one, before the old one is asked to end. At least as long as it needs to start: until it accepts connections, they wait.',
      processDefaults.settle,
    ),
    restarts: {
      type: 'object',
      additionalProperties: false,
      description:
        'A process that ends by itself is started again, ever later. Beyond this limit the release is given up, and the one that served before it serves again.',
      properties: {
        limit: {
          type: 'integer',
          minimum: 0,
          maximum: 1000,
          default: processDefaults.restarts.limit,
          description: 'How many ends are put up with.',
          examples: [5],
        },
        within: duration('Within which time.', processDefaults.restarts.within),
      },
      examples: [{ limit: 3, within: '2m' }],
    },
    supervisor: {
      enum: [...supervisors],
      default: processDefaults.supervisor,
      description:
        'Who holds the sockets and keeps the app up: a small process of deployctl for each service, or systemd, by socket and service units that deployctl writes. systemd starts the app again after a reboot by itself; its logs are in the journal.',
      examples: ['systemd'],
    },
    endWithAgent: {
      type: 'boolean',
      default: false,
      description:
        'Whether the app ends, in order, when `deployctl agent` is told to by a signal; it is started again by the repair of the next one. For an agent that is the first process of a container. A reload, or a kill, leaves it running all the same.',
      examples: [true],
    },
    log: {
      type: 'object',
      additionalProperties: false,
      description:
        'Standard output and error go to `log/<release>.log` below `path`. A file that grows beyond its size is copied to `.1` and emptied.',
      properties: {
        maxSize: {
          type: 'string',
          pattern: sizePattern,
          default: processDefaults.log.maxSize,
          description: 'How large the file may grow.',
          examples: ['50MiB'],
        },
        keep: {
          type: 'integer',
          minimum: 0,
          maximum: 100,
          default: processDefaults.log.keep,
          description: 'How many older parts are kept.',
          examples: [3],
        },
        agent: {
          type: 'boolean',
          default: false,
          description: 'Whether what the app says also goes to the log of the agent, line by line.',
          examples: [true],
        },
      },
      examples: [{ maxSize: '50MiB', keep: 3 }, { agent: true }],
    },
  },
}
