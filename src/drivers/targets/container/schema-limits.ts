/** The part of the schema that says what a container may use, and what it may do. */
import { sizePattern } from '../../../base/size.js'
import type { JsonSchema } from '../../../model/schema.js'
import { kernelLimitExample, kernelLimitSchema } from '../kernel-limit-schema.js'

const capabilities = (description: string, example: string) => ({
  type: 'array',
  minItems: 1,
  uniqueItems: true,
  items: { type: 'string', pattern: '^(CAP_)?[A-Z0-9_]+$' },
  description,
  examples: [[example]],
})

export const limitProperties: { readonly [name: string]: JsonSchema } = {
  memory: {
    type: 'string',
    pattern: sizePattern,
    description: 'The most memory; beyond it, the kernel ends the program. At least 6MiB.',
    examples: ['512MiB'],
  },
  cpus: {
    type: 'number',
    exclusiveMinimum: 0,
    description: 'How many processors’ time it may use, in all.',
    examples: [1.5],
  },
  pids: {
    type: 'integer',
    minimum: 1,
    description: 'The most processes and threads.',
    examples: [200],
  },
  ulimits: {
    type: 'object',
    description:
      'Limits of the kernel for each process, by their names; one number, or soft and hard. -1 is none.',
    patternProperties: {
      '^[a-z]+$': kernelLimitSchema(-1),
    },
    additionalProperties: false,
    examples: [kernelLimitExample],
  },
  readOnly: {
    type: 'boolean',
    default: false,
    description:
      'Whether the container’s own file system can only be read; volumes and mounts can still be written.',
    examples: [true],
  },
  capAdd: capabilities('Capabilities to add to those that the engine gives.', 'NET_BIND_SERVICE'),
  capDrop: capabilities('Capabilities to take away; ALL for all of them.', 'ALL'),
  securityOpt: {
    type: 'array',
    minItems: 1,
    uniqueItems: true,
    items: { type: 'string', minLength: 1 },
    description: 'Security options as docker run takes them.',
    examples: [['no-new-privileges']],
  },
  logging: {
    type: 'object',
    required: ['driver'],
    additionalProperties: false,
    description: 'Where the container’s output goes; as the engine is configured unless given.',
    examples: [{ driver: 'json-file', options: { 'max-size': '10m' } }],
    properties: {
      driver: {
        type: 'string',
        minLength: 1,
        description: 'A log driver of the engine.',
        examples: ['json-file'],
      },
      options: {
        type: 'object',
        description: 'What the driver wants to know.',
        patternProperties: { '^.+$': { type: 'string' } },
        additionalProperties: false,
        examples: [{ 'max-size': '10m', 'max-file': '3' }],
      },
    },
  },
}
