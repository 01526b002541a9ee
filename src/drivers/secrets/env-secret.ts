/** Secrets from the environment of deployctl: what CI systems and shells give. Also where undeclared names are looked up. */
import { DeployError } from '../../base/deploy-error.js'
import type { SecretProviderDriver } from '../../model/secret-provider.js'

export const envSecret = {
  type: 'env',
  schema: {
    type: 'object',
    description: 'A variable of the environment deployctl runs in.',
    additionalProperties: false,
    required: ['type'],
    properties: {
      type: { const: 'env', description: 'A variable of the environment.', examples: ['env'] },
      name: {
        type: 'string',
        pattern: '^[A-Za-z_][A-Za-z0-9_]*$',
        description: "The variable's name; the secret's own name unless given.",
        examples: ['PRODUCTION_SLACK_URL'],
      },
    },
  },
  lookUp(name, options, ports) {
    const variable = typeof options['name'] === 'string' ? options['name'] : name
    const value = Object.hasOwn(ports.env, variable) ? ports.env[variable] : undefined
    // CI systems give an unset secret as an empty variable: deploying with an empty password helps nobody.
    if (value !== undefined && value !== '') return Promise.resolve(value)
    const what = value === undefined ? 'is not set' : 'is set but empty'
    const error = new DeployError(
      'SECRET_MISSING',
      `the secret ${name}: the environment variable ${variable} ${what}`,
      {
        hint: `Set ${variable}, or say where ${name} comes from under \`secrets\` in deploy.yaml (env, file or command).`,
      },
    )
    return Promise.reject(error)
  },
} as const satisfies SecretProviderDriver
