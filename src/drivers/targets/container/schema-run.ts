/** The part of the schema that says what runs in a container and what it gets to see. */
import { durationPattern } from '../../../base/duration.js'
import type { JsonSchema } from '../../../model/schema.js'

const words = (description: string, example: readonly string[]) => ({
  type: 'array',
  items: { type: 'string' },
  minItems: 1,
  description,
  examples: [example],
})
const absolutePath = '^/[^\\u0000]*$'
const variable = '^[A-Za-z_][A-Za-z0-9_.]*$'
const duration = (description: string, byDefault: string) => ({
  type: 'string',
  pattern: durationPattern,
  default: byDefault,
  description,
  examples: ['5s'],
})
const healthTimes = {
  interval: duration('Between two tries.', '30s'),
  timeout: duration('For one try.', '30s'),
  startPeriod: duration('After the start, failures do not count for so long.', '0s'),
  retries: {
    type: 'integer',
    minimum: 1,
    default: 3,
    description: 'Failures in a row that make it unhealthy.',
    examples: [5],
  },
} as const

export const runProperties: { readonly [name: string]: JsonSchema } = {
  command: words('The command, in place of the image’s; arguments of the entrypoint where there is one.', [
    'serve',
    '--port=8080',
  ]),
  entrypoint: words('The program, in place of the image’s entrypoint.', ['/bin/app']),
  env: {
    type: 'object',
    description:
      'Environment variables. A reference to a secret is replaced when the container starts, and stands in no label; whoever may use the engine can read the values there.',
    patternProperties: { [variable]: { type: 'string', 'x-secret': true } },
    additionalProperties: false,
    examples: [{ API_URL: 'https://api.example.com', DB_PASSWORD: '${secret.DB_PASSWORD}' }],
  },
  envFiles: {
    ...words(
      'Files of NAME=value lines, read on this machine when a container starts; later ones win, and env: over all. A change in a file alone is no new release.',
      ['web.env'],
    ),
    items: { type: 'string', minLength: 1 },
  },
  secretFiles: {
    type: 'object',
    description:
      'Files to put into the container before it starts, by their absolute path: text that may refer to secrets. They belong to its user where that is a number, else to root, and nobody else may read them.',
    patternProperties: { '^/[^\\u0000]{1,100}$': { type: 'string', 'x-secret': true } },
    additionalProperties: false,
    examples: [{ '/run/secrets/db': '${secret.DB_PASSWORD}' }],
  },
  ports: {
    type: 'array',
    minItems: 1,
    uniqueItems: true,
    items: {
      type: 'string',
      pattern: '^(((\\[[0-9A-Fa-f:.]+\\]|[0-9.]+):)?([0-9]{1,5}):)?[0-9]{1,5}(/(tcp|udp|sctp))?$',
      examples: ['127.0.0.1:8080:80'],
    },
    description:
      'Ports to publish on the host, [address:][hostPort:]port[/protocol]. A port of the host belongs to one container at a time, so there is a gap whenever one takes another’s place; a router has none.',
    examples: [['8080:80', '127.0.0.1:5353:53/udp']],
  },
  mounts: {
    type: 'array',
    minItems: 1,
    items: {
      type: 'object',
      required: ['source', 'path'],
      additionalProperties: false,
      properties: {
        source: {
          type: 'string',
          pattern: absolutePath,
          description: 'A folder or file of the engine’s host that is there already.',
          examples: ['/srv/shop/uploads'],
        },
        path: {
          type: 'string',
          pattern: absolutePath,
          description: 'Where it is in the container.',
          examples: ['/app/uploads'],
        },
        readOnly: {
          type: 'boolean',
          default: false,
          description: 'Whether the container may only read it.',
          examples: [true],
        },
      },
    },
    description: 'Folders or files of the engine’s host to be seen in the container.',
    examples: [[{ source: '/srv/shop/uploads', path: '/app/uploads' }]],
  },
  volumes: {
    type: 'object',
    description:
      'Named volumes by their path in the container. They are made when they are not there, shared by all copies and releases, and never removed.',
    patternProperties: { [absolutePath]: { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]+$' } },
    additionalProperties: false,
    examples: [{ '/var/lib/shop': 'shop-data' }],
  },
  networks: {
    ...words(
      'Networks of the engine to be in; they have to be there. The first is the one that checks and the router use. The engine’s default network unless given.',
      ['shop'],
    ),
    uniqueItems: true,
    items: { type: 'string', minLength: 1 },
  },
  user: {
    type: 'string',
    minLength: 1,
    description: 'Whom the program runs as, in place of the image’s user: name or number, and a group.',
    examples: ['1000:1000'],
  },
  workingDir: {
    type: 'string',
    pattern: absolutePath,
    description: 'Where the program starts, in place of the image’s folder.',
    examples: ['/app'],
  },
  labels: {
    type: 'object',
    description: 'Labels for other tools. Those that begin with deployctl. are deployctl’s own.',
    patternProperties: { '^(?!deployctl\\.).+$': { type: 'string' } },
    additionalProperties: false,
    examples: [{ 'com.example.team': 'shop' }],
  },
  healthcheck: {
    description: 'The health check that the engine runs inside, in place of the image’s HEALTHCHECK.',
    examples: [{ run: ['/bin/app', 'check'], interval: '5s' }, { disabled: true }],
    oneOf: [
      {
        type: 'object',
        required: ['disabled'],
        additionalProperties: false,
        properties: {
          disabled: { const: true, description: 'Turns the image’s HEALTHCHECK off.', examples: [true] },
        },
      },
      {
        type: 'object',
        required: ['run'],
        additionalProperties: false,
        properties: {
          run: words('A command; it is healthy when it exits with 0.', ['/bin/app', 'check']),
          ...healthTimes,
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
            description: 'A line for the image’s shell; it is healthy when it exits with 0.',
            examples: ['wget -qO- localhost:8080/health'],
          },
          ...healthTimes,
        },
      },
    ],
  },
  stopSignal: {
    type: 'string',
    pattern: '^(SIG)?[A-Z0-9+]+$',
    description:
      'The signal that asks the program to end, in place of the image’s (TERM unless it says another).',
    examples: ['SIGQUIT'],
  },
  init: {
    type: 'boolean',
    default: false,
    description: 'Whether a tiny init runs first, which passes signals on and clears ended children away.',
    examples: [true],
  },
  restartPolicy: {
    type: 'string',
    pattern: '^(no|always|unless-stopped|on-failure(:[0-9]+)?)$',
    default: 'unless-stopped',
    description:
      'When the engine itself starts the container again: after it ended, and after the machine restarted.',
    examples: ['on-failure:5'],
  },
}
