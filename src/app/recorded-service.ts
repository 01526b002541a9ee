/** What is recorded of one service, for commands that are about what runs. */
import { DeployError } from '../base/deploy-error.js'
import type { RecordedService, RecordedState } from '../model/state.js'
import { readState } from './read-state.js'
import type { World } from './world.js'

export async function recordedService(
  world: World,
  service: string,
): Promise<{ readonly state: RecordedState; readonly recorded: RecordedService }> {
  const state = await readState(world)
  const recorded = state?.services[service]
  if (state !== null && recorded !== undefined) return { state, recorded }
  const known = Object.keys(state?.services ?? {}).sort()
  const isConfigured = world.config.services[service] !== undefined
  throw new DeployError(
    'USAGE',
    isConfigured
      ? `${service} is not deployed to ${world.config.environment}`
      : `there is no service "${service}"`,
    {
      hint: isConfigured
        ? `deployctl apply --service ${service}`
        : known.length === 0
          ? 'nothing is deployed there yet'
          : `deployed there: ${known.join(', ')}`,
    },
  )
}
