/** What a restart is about, and how its commands are run. */
import type { Instance } from '../../../model/instance.js'
import type { CommandResult, Shell } from '../../../model/shell.js'
import type { Command } from '../../../model/spec.js'
import type { OperationContext } from '../../../model/target.js'
import type { Goal } from './restart-command.js'

export interface RestartPlace {
  readonly goal: Goal
  /** A first deployment is undone: what is not there to be restarted or stopped is no failure then. */
  readonly isUndoing: boolean
  /** The folder of the release that serves now, or served until now; where commands run. */
  readonly folder: string
  readonly instance: Instance
  /** What serves now, or what is to stop; empty when that is not known. */
  readonly version: string
  /** What served before; null when nothing did. */
  readonly previousVersion: string | null
}

export function runHere(
  command: Command,
  timeoutMs: number,
  place: RestartPlace,
  shell: Shell,
  context: OperationContext,
): Promise<CommandResult> {
  return shell.run(
    {
      command,
      directory: place.folder,
      env: restartEnvironment(place, context.deployment),
      timeoutMs,
      onLine: context.onLine,
      onStart: context.onChild,
    },
    context.signal,
  )
}

function restartEnvironment(place: RestartPlace, deployment: string): { readonly [name: string]: string } {
  return {
    DEPLOYCTL_SERVICE: place.instance.service,
    DEPLOYCTL_VERSION: place.version,
    DEPLOYCTL_PREVIOUS_VERSION: place.previousVersion ?? '',
    DEPLOYCTL_RELEASE_DIR: place.folder,
    DEPLOYCTL_DEPLOYMENT_ID: deployment,
    DEPLOYCTL_HOST: place.instance.host,
  }
}
