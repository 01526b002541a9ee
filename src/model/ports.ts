/** What drivers get to reach the world with. Made once, in wire.ts; tests pass their own. */
import type { Clock } from './clock.js'
import type { Secrets } from './secrets.js'
import type { Shell } from './shell.js'

export interface Ports {
  readonly clock: Clock
  readonly shell: Shell
  readonly secrets: Secrets
  /** Absolute: the folder of deploy.yaml. Relative paths in options start here. */
  readonly projectDirectory: string
  /** Absolute: where the cache of fetched artifacts lives. */
  readonly cacheDirectory: string
  /** This machine and this person, for locks and records. */
  readonly machine: { readonly hostName: string; readonly user: string; readonly pid: number }
  /** The command that starts this program once more; its own arguments are added. */
  readonly program: readonly string[]
  /** The variables of the process, for drivers whose field has conventions there (NPM_CONFIG_…, DOCKER_HOST). */
  readonly env: { readonly [name: string]: string | undefined }
}
