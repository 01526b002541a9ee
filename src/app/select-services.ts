/** Which services a command is about: those named, or all that deploy.yaml or the state knows. */
import { DeployError } from '../base/deploy-error.js'
import { didYouMean } from '../base/nearest.js'
import type { Config } from '../model/config.js'
import type { RecordedState } from '../model/state.js'

export function selectServices(
  named: readonly string[],
  config: Config,
  state: RecordedState | null,
): readonly string[] {
  const known = new Set([...Object.keys(config.services), ...Object.keys(state?.services ?? {})])
  for (const name of named) {
    if (known.has(name)) continue
    throw new DeployError(
      'USAGE',
      `there is no service "${name}" in ${config.project} · ${config.environment}.${didYouMean(name, known)}`,
      {
        hint: known.size === 0 ? 'deploy.yaml has no services' : `services: ${[...known].sort().join(', ')}`,
      },
    )
  }
  return [...(named.length > 0 ? new Set(named) : known)].sort()
}
