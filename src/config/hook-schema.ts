/** The schema of one hook: the user's command, its moment, and what undoes it. Data only. */
import { becomeSchema } from '../model/become.js'
import type { JsonSchema } from '../model/schema.js'
import { hookMoments } from '../model/spec.js'
import { processVariables } from './name-patterns.js'

const run: JsonSchema = {
  type: 'array',
  minItems: 1,
  items: { type: 'string' },
  description: 'Program and arguments, run without a shell.',
  examples: [['bin/migrate', 'up']],
}
const shell: JsonSchema = {
  type: 'string',
  minLength: 1,
  description: 'A line for /bin/sh -c, instead of run.',
  examples: ['bin/migrate up | tee migrate.log'],
}
const oneCommand = [{ required: ['run'] }, { required: ['shell'] }]

export const hookSchema: JsonSchema = {
  type: 'object',
  description: 'A command that runs at one moment of a deployment.',
  properties: {
    when: {
      enum: hookMoments,
      description: 'The moment at which it runs.',
      examples: ['beforeStart'],
    },
    service: {
      type: 'string',
      description:
        'The service it belongs to; beforeStart, beforeSwitch and afterSwitch need one. Without it, the hook runs once per deployment.',
      examples: ['api'],
    },
    run,
    shell,
    revert: {
      description:
        'The command that undoes it when the deployment is unwound: arguments, or a map with run or shell.',
      examples: [['bin/migrate', 'down'], { shell: 'bin/migrate down' }],
      anyOf: [
        { type: 'array', minItems: 1, items: { type: 'string' } },
        { type: 'object', properties: { run, shell }, additionalProperties: false, oneOf: oneCommand },
      ],
    },
    irreversible: {
      type: 'string',
      minLength: 1,
      description:
        'Why it cannot be undone. The plan shows it, and apply refuses it without --allow irreversible.',
      examples: ['sends the announcement to all customers'],
    },
    timeout: {
      $ref: '#/$defs/duration',
      default: '10m',
      description: 'Time it may take; then it is ended, with everything it started.',
      examples: ['10m'],
    },
    onFailure: {
      enum: ['abort', 'continue'],
      default: 'abort',
      description: 'Whether a failure fails the deployment, which is then unwound, or is only reported.',
      examples: ['continue'],
    },
    directory: {
      enum: ['project', 'release'],
      description:
        'Where it runs: the folder of deploy.yaml, or the folder of the new release. Without it, release for a hook of a service from beforeStart on, unless it is at the controller, project otherwise. On another machine, project stands for the home folder, with become for /.',
      examples: ['project'],
    },
    at: {
      enum: ['host', 'controller'],
      description:
        'On which machine it runs: the host of its service, or the one that deployctl runs on. Without it, host where directory is release, controller otherwise.',
      examples: ['controller'],
    },
    each: {
      enum: ['deployment', 'host'],
      default: 'deployment',
      description:
        'Whether it runs once, on the first host where it runs on one, or for every host of its service.',
      examples: ['host'],
    },
    become: becomeSchema,
    env: {
      ...processVariables,
      description: 'Variables for the command, beside DEPLOYCTL_*. Values may be secrets.',
      examples: [{ DATABASE_URL: '${secret.DATABASE_URL}' }],
    },
  },
  required: ['when'],
  oneOf: oneCommand,
  not: { required: ['revert', 'irreversible'] },
  additionalProperties: false,
}
