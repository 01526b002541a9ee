/** Every kind of secret provider. A new one is a file beside this and a line below. */
import type { SecretProviderDriver } from '../../model/secret-provider.js'

export const secretDrivers = {} as const satisfies Record<string, SecretProviderDriver>
