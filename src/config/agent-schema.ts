/** The schema of `agent:`, what `deployctl agent` goes by. Data only. */
import type { JsonSchema } from '../model/schema.js'
import { weekdays } from '../model/agent.js'
import { namedMap, namePattern } from './name-patterns.js'

/** From 00:00 to 24:00. */
const timePattern = '^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$'

const windowSchema: JsonSchema = {
  type: 'object',
  description: 'A time of the week in which releases may be deployed.',
  properties: {
    days: {
      type: 'array',
      items: { enum: weekdays },
      minItems: 1,
      uniqueItems: true,
      default: weekdays,
      description: 'The days on which it begins.',
      examples: [['mon', 'tue', 'wed', 'thu']],
    },
    from: {
      type: 'string',
      pattern: timePattern,
      default: '00:00',
      description: 'When it begins.',
      examples: ['09:00'],
    },
    to: {
      type: 'string',
      pattern: timePattern,
      default: '24:00',
      description: 'When it ends; before `from`, it is a time of the next day.',
      examples: ['16:30'],
    },
    timeZone: {
      type: 'string',
      default: 'UTC',
      description: 'The time zone of both, as the tz database calls it.',
      examples: ['Europe/Berlin'],
    },
  },
  additionalProperties: false,
}

const httpSchema: JsonSchema = {
  type: 'object',
  description:
    'The status page, the API, metrics and health over HTTP. Without it nothing listens but the control socket.',
  properties: {
    host: {
      type: 'string',
      minLength: 1,
      default: '127.0.0.1',
      description: 'The address to listen on. Anything but loopback shows the page to the network.',
      examples: ['127.0.0.1', '10.0.1.5'],
    },
    port: {
      type: 'integer',
      minimum: 0,
      maximum: 65535,
      default: 9180,
      description: 'The port to listen on; 0 takes a free one, which the log says.',
      examples: [9180],
    },
    token: {
      type: 'string',
      minLength: 1,
      'x-secret': true,
      description:
        'What callers have to know. Without it one is made, and kept in the file `token` of the folder of the agent.',
      examples: ['${secret.AGENT_TOKEN}'],
    },
  },
  additionalProperties: false,
}

const wavesSchema: JsonSchema = {
  type: 'object',
  description:
    'How the agents of several hosts deploy a release one after the other. All of them name the same lease.',
  required: ['lease'],
  properties: {
    lease: {
      $ref: '#/$defs/lease',
      description: 'Where the hosts write who deploys now and how a release does on them.',
      examples: [{ type: 'folder', path: '/mnt/deploys' }],
    },
    maxParallel: {
      type: 'integer',
      minimum: 1,
      maximum: 1000,
      default: 1,
      description: 'How many hosts may deploy at once.',
      examples: [2],
    },
    host: {
      type: 'string',
      minLength: 1,
      maxLength: 200,
      description:
        'What the others call this host; no two may have one name. Without it, the name of the machine.',
      examples: ['${env.HOST_NAME}'],
    },
    canaries: {
      type: 'array',
      items: { type: 'string', minLength: 1 },
      uniqueItems: true,
      default: [],
      description:
        'Hosts that go first. The others begin a release once it serves well on every one of these.',
      examples: [['app-1']],
    },
    soak: {
      $ref: '#/$defs/duration',
      default: '0',
      description: 'How long a release must have served well on a canary.',
      examples: ['10m'],
    },
    expiry: {
      $ref: '#/$defs/duration',
      default: '1m',
      description:
        'After so long without a sign of life a host that deploys is taken for dead, and another one may. It goes back by itself after half of that.',
      examples: ['1m'],
    },
  },
  additionalProperties: false,
}

export const agentSchema: JsonSchema = {
  type: 'object',
  description: 'What `deployctl agent` does by itself, and when.',
  properties: {
    mode: {
      enum: ['auto', 'approve', 'notify'],
      default: 'auto',
      description:
        '`auto` deploys what is due; `approve` deploys it once a person says so (`deployctl approve`); `notify` tells the notifiers, and a person deploys it.',
      examples: ['notify'],
    },
    interval: {
      $ref: '#/$defs/duration',
      description: 'How often every source is asked (default: 10s, and 30s for oci).',
      examples: ['1m'],
    },
    intervals: {
      ...namedMap(namePattern, { $ref: '#/$defs/duration' }),
      description: 'The same for single sources.',
      examples: [{ web: '5m' }],
    },
    repair: {
      enum: ['auto', 'notify', 'off'],
      default: 'auto',
      description: 'What becomes of drift: put right, told, or left.',
      examples: ['notify'],
    },
    recover: {
      enum: ['resume', 'unwind'],
      default: 'resume',
      description:
        'Which way a deployment that was interrupted is taken: to its end, or back. Where that way is closed, the other.',
      examples: ['unwind'],
    },
    windows: {
      type: 'array',
      items: windowSchema,
      default: [],
      description: 'When releases may be deployed; none means always. Drift is put right at any time.',
      examples: [[{ days: ['mon', 'tue'], from: '09:00', to: '16:30', timeZone: 'Europe/Berlin' }]],
    },
    retry: {
      type: 'object',
      description: 'How a release that failed is tried again.',
      properties: {
        tries: {
          type: 'integer',
          minimum: 1,
          maximum: 20,
          default: 3,
          description: 'How often in all; after that it stays held until a person tries it.',
          examples: [1],
        },
        delay: {
          $ref: '#/$defs/duration',
          default: '5m',
          description: 'How long before the second try; each later one waits twice as long.',
          examples: ['1m'],
        },
      },
      additionalProperties: false,
      examples: [{ tries: 2, delay: '10m' }],
    },
    http: { ...httpSchema, examples: [{ port: 9180, token: '${secret.AGENT_TOKEN}' }] },
    waves: {
      ...wavesSchema,
      examples: [{ lease: { type: 'folder', path: '/mnt/deploys' }, maxParallel: 2, canaries: ['app-1'] }],
    },
  },
  additionalProperties: false,
  examples: [
    { mode: 'auto', repair: 'auto', windows: [{ days: ['mon', 'tue'], from: '09:00', to: '16:30' }] },
  ],
}
