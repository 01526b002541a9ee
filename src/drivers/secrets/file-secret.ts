/** Secrets from files, as Docker, Kubernetes and systemd hand them to programs. */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { DeployError } from '../../base/deploy-error.js'
import type { SecretProviderDriver } from '../../model/secret-provider.js'
import { fileError } from '../system/file-error.js'
import { secretText } from './secret-text.js'

export const fileSecret = {
  type: 'file',
  schema: {
    type: 'object',
    description: 'The content of a file, without its last line end.',
    additionalProperties: false,
    required: ['type', 'path'],
    properties: {
      type: { const: 'file', description: 'A file.', examples: ['file'] },
      path: {
        type: 'string',
        minLength: 1,
        description: 'The file; a relative path starts at the folder of deploy.yaml.',
        examples: ['/run/secrets/slack-url', 'secrets/slack-url'],
      },
    },
  },
  async lookUp(name, options, ports) {
    const path = resolve(ports.projectDirectory, typeof options['path'] === 'string' ? options['path'] : '')
    return secretText(name, `the file ${path}`, await read(name, path))
  },
} as const satisfies SecretProviderDriver

async function read(name: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    const cause = fileError(error, 'read', path)
    const hint = cause instanceof DeployError ? cause.hint : undefined
    throw new DeployError('SECRET_MISSING', `the secret ${name}: ${cause.message}`, {
      hint: hint ?? `Put the secret there, or change \`path\` of ${name} under \`secrets\` in deploy.yaml.`,
      cause: error,
    })
  }
}
