/** Every kind of secret provider. A new one is a file beside this and a line below. */
import type { SecretProviderDriver } from '../../model/secret-provider.js'
import { commandSecret } from './command-secret.js'
import { envSecret } from './env-secret.js'
import { fileSecret } from './file-secret.js'

export const secretDrivers = {
  env: envSecret,
  file: fileSecret,
  command: commandSecret,
} as const satisfies Record<string, SecretProviderDriver>
