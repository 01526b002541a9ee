/** The DEPLOYCTL_* variables that hooks and checks find in their environment. Pure. */
import type { Instance } from '../model/instance.js'

export interface VariableScene {
  readonly project: string
  readonly environment: string
  readonly deployment: string
  readonly command: string
  readonly service: string | null
  readonly instance: Instance | null
  readonly previous: Instance | null
  readonly folder: string | null
  readonly hook: string | null
}

export function deploymentVariables(scene: VariableScene): { readonly [name: string]: string } {
  return {
    DEPLOYCTL_PROJECT: scene.project,
    DEPLOYCTL_ENVIRONMENT: scene.environment,
    DEPLOYCTL_DEPLOYMENT_ID: scene.deployment,
    DEPLOYCTL_COMMAND: scene.command,
    DEPLOYCTL_SERVICE: scene.service ?? '',
    DEPLOYCTL_VERSION: scene.instance?.release.version ?? '',
    DEPLOYCTL_PREVIOUS_VERSION: scene.previous?.release.version ?? '',
    DEPLOYCTL_RELEASE_DIR: scene.folder ?? '',
    DEPLOYCTL_HOST: scene.instance?.host ?? scene.previous?.host ?? 'local',
    DEPLOYCTL_HOOK: scene.hook ?? '',
  }
}
