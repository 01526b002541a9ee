/** The schema of one service, and of what is said of a health check beside its probe. Data only. */
import type { JsonSchema } from '../model/schema.js'
import { versionPolicySchemas } from './version-schema.js'

export const serviceSchema: JsonSchema = {
  type: 'object',
  description:
    'A deployable unit: which releases it gets, where it runs, and how it is switched and checked.',
  properties: {
    source: {
      type: 'string',
      description: 'The name of the source its releases come from.',
      examples: ['api'],
    },
    ...versionPolicySchemas,
    dependsOn: {
      type: 'array',
      items: { type: 'string' },
      uniqueItems: true,
      default: [],
      description: 'Services that are deployed before this one.',
      examples: [['api', 'database']],
    },
    target: {
      $ref: '#/$defs/target',
      description: 'Where it runs.',
      examples: [{ type: 'directory', path: '/srv/api' }],
    },
    strategy: {
      $ref: '#/$defs/strategy',
      description:
        'How it is switched from the old release to the new one. Without it, the strategy of the project.',
      examples: [{ type: 'rolling' }],
    },
    healthChecks: {
      type: 'array',
      items: { type: 'string' },
      uniqueItems: true,
      description: 'The names of the health checks it must pass. Without it, all of them; [] for none.',
      examples: [['ready'], []],
    },
  },
  required: ['source', 'target'],
  additionalProperties: false,
}

/** Keys that every health check has, beside those of its type. */
export const checkTimingSchemas = {
  interval: {
    $ref: '#/$defs/duration',
    default: '1s',
    description: 'Time between two probes.',
    examples: ['1s', '500ms'],
  },
  timeout: {
    $ref: '#/$defs/duration',
    default: '5s',
    description: 'Time one probe may take.',
    examples: ['5s'],
  },
  healthyAfter: {
    type: 'integer',
    minimum: 1,
    default: 1,
    description: 'Good answers in a row that make the service healthy.',
    examples: [2],
  },
  deadline: {
    $ref: '#/$defs/duration',
    default: '1m',
    description:
      'Time for all probes together; when it has passed, the deployment has failed and is unwound.',
    examples: ['2m'],
  },
} as const satisfies { readonly [key: string]: JsonSchema }
