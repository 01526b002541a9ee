/** The contract of a secret provider: where the value behind a `${secret.X}` is looked up. */
import type { DriverSpec } from './spec.js'
import type { JsonSchema } from './schema.js'
import type { Shell } from './shell.js'

export interface SecretPorts {
  readonly env: { readonly [name: string]: string | undefined }
  readonly projectDirectory: string
  readonly shell: Shell
}

export interface SecretProviderDriver {
  readonly type: string
  readonly schema: JsonSchema
  /** The value, without a trailing newline. Throws DeployError SECRET_MISSING that says where it was looked for. */
  lookUp(name: string, options: DriverSpec, ports: SecretPorts, signal: AbortSignal): Promise<string>
}
