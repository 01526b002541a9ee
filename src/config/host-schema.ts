/** What deploy.yaml says of hosts and of reaching them. Data only; a file of its own to keep root-schema.ts readable. */
import { addressPattern, hostPattern } from '../model/host-entry.js'
import type { JsonSchema } from '../model/schema.js'
import { namedMap, namePattern, variablesOfHost } from './name-patterns.js'

const hostNamePattern = '^[A-Za-z0-9_][A-Za-z0-9_.:-]*$'
const labelPattern = '^(?!x-)[A-Za-z][A-Za-z0-9_.-]*$'

const hostMap: JsonSchema = {
  type: 'object',
  required: ['address'],
  additionalProperties: false,
  properties: {
    name: {
      type: 'string',
      pattern: hostNamePattern,
      description: 'What it is called in plans and messages. Its address unless given.',
      examples: ['web1'],
    },
    address: {
      type: 'string',
      pattern: addressPattern,
      description: 'A name, an address, or an alias of your ssh_config.',
      examples: ['10.0.1.5'],
    },
    user: {
      type: 'string',
      pattern: '^[A-Za-z0-9_][A-Za-z0-9_.+-]*$',
      description: 'Who logs in. Your ssh_config decides unless given.',
      examples: ['deploy'],
    },
    port: {
      type: 'integer',
      minimum: 1,
      maximum: 65535,
      description: 'Where sshd listens. Your ssh_config decides unless given.',
      examples: [2222],
    },
    labels: {
      ...namedMap(labelPattern, { $ref: '#/$defs/variable' }),
      description: 'To choose it by: `--limit zone=a`.',
      examples: [{ zone: 'a' }],
    },
    variables: {
      ...variablesOfHost,
      description:
        'In the environment of every command that deployctl runs there, and `${host.variables.X}` in the target and the checks of a service.',
      examples: [{ APP_ROLE: 'primary' }],
    },
  },
}

const hostEntry: JsonSchema = {
  description: 'A host: user@host:port, of which only the host is needed, or a map.',
  oneOf: [{ type: 'string', pattern: hostPattern, examples: ['deploy@10.0.1.5'] }, hostMap],
}

export const hostsSchema: JsonSchema = {
  ...namedMap(namePattern, {
    description: 'A group of hosts: a list, or where a list comes from.',
    examples: [['deploy@10.0.1.5', 'deploy@10.0.1.6']],
    oneOf: [
      { type: 'array', items: hostEntry, minItems: 1 },
      {
        type: 'object',
        required: ['file'],
        additionalProperties: false,
        properties: {
          file: {
            type: 'string',
            minLength: 1,
            description: 'A JSON file with a list of hosts, as it would stand here; relative to deploy.yaml.',
            examples: ['inventory/app.json'],
          },
        },
      },
      {
        type: 'object',
        required: ['command'],
        additionalProperties: false,
        properties: {
          command: {
            type: 'array',
            items: { type: 'string' },
            minItems: 1,
            description: 'A command that prints such a list as JSON; it runs in the folder of deploy.yaml.',
            examples: [['bin/inventory', '--group', 'app']],
          },
          timeout: {
            $ref: '#/$defs/duration',
            default: '30s',
            description: 'How long the command may take.',
            examples: ['30s'],
          },
        },
      },
    ],
  }),
  description:
    'Machines that are reached over SSH, in groups. Everything that is not said here comes from your ssh_config.',
  examples: [{ app: ['deploy@10.0.1.5', 'deploy@10.0.1.6'] }],
}

export const sshSchema: JsonSchema = {
  type: 'object',
  description: 'How hosts are reached. Identities, agents and jump hosts are matters of your ssh_config.',
  examples: [{ connectTimeout: '10s' }],
  additionalProperties: false,
  properties: {
    config: {
      type: 'string',
      minLength: 1,
      description: 'An ssh_config to be used instead of your own; relative to deploy.yaml.',
      examples: ['deploy/ssh_config'],
    },
    connectTimeout: {
      $ref: '#/$defs/duration',
      default: '10s',
      description: 'How long a connection may take to come about.',
      examples: ['10s'],
    },
    keepAlive: {
      $ref: '#/$defs/duration',
      default: '10s',
      description:
        'How often a silent host is asked whether it is still there. After three times without an answer the connection is given up.',
      examples: ['10s'],
    },
    startsAtOnce: {
      type: 'integer',
      minimum: 1,
      maximum: 100,
      default: 8,
      description:
        'How many connections may be opened at the same moment. A jump host begins to refuse at ten.',
      examples: [4],
    },
  },
}
