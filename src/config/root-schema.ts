/**
 * The schema of deploy.yaml, but for what the drivers say: their fragments come in by `$ref` to `source`, `target`,
 * `strategy`, `check`, `notifier`, `store` and `secretProvider`, which scripts/schema/assemble.ts makes from the
 * catalogs, because config and drivers are neighbours without a door. Data only.
 */
import { durationPattern } from '../base/duration.js'
import { sizePattern } from '../base/size.js'
import { notificationEvents } from '../model/config.js'
import type { JsonSchema } from '../model/schema.js'
import { agentSchema } from './agent-schema.js'
import { namedMap, namePattern, variablePattern } from './name-patterns.js'
import { hookSchema } from './hook-schema.js'
import { hostsSchema, sshSchema } from './host-schema.js'
import { serviceSchema } from './service-schema.js'
import { verifySchema } from './verify-schema.js'

/** Keys that an environment may override. */
const overridable: { readonly [key: string]: JsonSchema } = {
  state: {
    $ref: '#/$defs/store',
    default: { type: 'local', path: '.deployctl' },
    description: 'Where deployctl keeps state, locks, journals and history.',
    examples: [{ type: 'local', path: '.deployctl' }],
  },
  variables: {
    ...namedMap(variablePattern, { $ref: '#/$defs/variable' }),
    description: 'Values to be used elsewhere as ${var.name}. Environments give them other values.',
    examples: [{ domain: 'shop.test', port: 8080 }],
  },
  secrets: {
    ...namedMap(variablePattern, { $ref: '#/$defs/secretProvider' }),
    description: 'Where ${secret.NAME} comes from, for names that are not simply variables of the process.',
    examples: [{ SLACK_URL: { type: 'file', path: '/run/secrets/slack-url' } }],
  },
  sources: {
    ...namedMap(namePattern, { $ref: '#/$defs/source' }),
    description: 'Where releases come from.',
    examples: [{ web: { type: 'directory', path: 'releases' } }],
  },
  services: {
    ...namedMap(namePattern, { $ref: '#/$defs/service' }),
    description: 'What is deployed.',
    examples: [{ web: { source: 'web', target: { type: 'directory', path: '/srv/web' } } }],
  },
  strategy: {
    $ref: '#/$defs/strategy',
    default: { type: 'rolling' },
    description: 'How services are switched that have no strategy of their own.',
    examples: [{ type: 'rolling' }],
  },
  hosts: hostsSchema,
  ssh: sshSchema,
  healthChecks: {
    ...namedMap(namePattern, { $ref: '#/$defs/check' }),
    description: 'What a service must answer to count as healthy, after a switch and after an unwind.',
    examples: [{ ready: { type: 'http', url: 'http://localhost:8080/health', deadline: '2m' } }],
  },
  hooks: {
    ...namedMap(namePattern, { $ref: '#/$defs/hook' }),
    description:
      'Commands that run at moments of a deployment. Hooks of one moment run in the order written here.',
    examples: [{ migrate: { when: 'beforeStart', service: 'api', run: ['bin/migrate', 'up'] } }],
  },
  notifiers: {
    ...namedMap(namePattern, { $ref: '#/$defs/notifier' }),
    description: 'Who is told how deployments go.',
    examples: [{ team: { type: 'slack', url: '${secret.SLACK_URL}', events: ['failed'] } }],
  },
  cache: {
    type: 'object',
    description:
      'How much of what was fetched is kept. What a recorded release needs is kept whatever it says; the rest goes, the least recently used first.',
    properties: {
      maxSize: {
        type: 'string',
        pattern: sizePattern,
        default: '5GiB',
        description: 'How large it may be.',
        examples: ['5GiB', '500MB'],
      },
      maxAge: {
        $ref: '#/$defs/duration',
        default: '30d',
        description: 'How long something may lie there unused.',
        examples: ['30d'],
      },
    },
    additionalProperties: false,
    examples: [{ maxSize: '5GiB', maxAge: '30d' }],
  },
  agent: agentSchema,
  parallelism: {
    type: 'integer',
    minimum: 1,
    maximum: 1000,
    default: 10,
    description: 'How many steps may run at once.',
    examples: [4],
  },
  onFailure: {
    enum: ['deployment', 'service'],
    default: 'deployment',
    description:
      'What is unwound when a step fails: the whole deployment, or the failed service and those that depend on it.',
    examples: ['service'],
  },
}

/** Keys of the project alone, which are not part of the merged document. */
const selection: { readonly [key: string]: JsonSchema } = {
  defaultEnvironment: {
    type: 'string',
    description: 'The environment that is meant when --env is not given.',
    examples: ['staging'],
  },
  environments: {
    ...namedMap(namePattern, { $ref: '#/$defs/environment' }),
    description:
      'What differs per environment. Each is merged over the project: maps deeply, lists replaced, null removes a key.',
    examples: [{ production: { variables: { domain: 'shop.test' } } }],
  },
}

const identity: { readonly [key: string]: JsonSchema } = {
  version: { const: 1, description: 'The version of this format: 1.', examples: [1] },
  project: {
    type: 'string',
    pattern: namePattern,
    description: 'The name of the project.',
    examples: ['shop'],
  },
}

/** What a merged and interpolated document must look like. Its properties tell WrittenConfig. */
export const mergedSchema: JsonSchema = {
  title: 'WrittenConfig',
  description: 'deploy.yaml of deployctl for one environment: what should run where, and how it gets there.',
  type: 'object',
  properties: { ...identity, ...overridable },
  required: ['version', 'project', 'services'],
  additionalProperties: false,
}

/** The order in which editors propose the keys of a whole deploy.yaml. */
export const documentProperties: { readonly [key: string]: JsonSchema } = {
  ...identity,
  ...selection,
  ...overridable,
}

export const environmentSchema: JsonSchema = {
  type: 'object',
  description: 'What one environment has that is different.',
  properties: overridable,
  additionalProperties: false,
}

/** Definitions that need no driver. */
export const ownDefinitions: { readonly [name: string]: JsonSchema } = {
  service: serviceSchema,
  hook: hookSchema,
  verify: verifySchema,
  variable: {
    type: ['string', 'number', 'boolean'],
    description: 'Text, a number, or true or false.',
  },
  duration: {
    type: 'string',
    pattern: durationPattern,
    description: 'A duration such as 500ms, 30s, 5m, 2h, 7d or 1h30m.',
  },
}

/** The key every notifier has, beside those of its type. */
export const notifierEventsSchema: JsonSchema = {
  type: 'array',
  items: { enum: notificationEvents },
  uniqueItems: true,
  default: ['waiting', 'succeeded', 'failed', 'rolledBack', 'stuck', 'available', 'drift'],
  description: 'What it is told of.',
  examples: [['failed', 'stuck']],
}

/** The key every source has, beside those of its type. */
export const sourceVerifySchema: JsonSchema = {
  $ref: '#/$defs/verify',
  description: 'How its releases are proven before anything of them is unpacked.',
  examples: [{ checksums: 'SHA256SUMS' }],
}
