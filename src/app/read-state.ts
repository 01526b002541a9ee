/** The recorded state of the environment, when it is this project's: two projects may have been given one folder by mistake. */
import { DeployError } from '../base/deploy-error.js'
import { showRecorded } from '../base/moment.js'
import type { RecordedState } from '../model/state.js'
import type { World } from './world.js'

export async function readState(world: World): Promise<RecordedState | null> {
  const { project, environment } = world.config
  const state = await world.store.read(environment)
  if (state === null || state.project === project) return state
  throw new DeployError(
    'STATE_CORRUPT',
    `the state of ${environment} belongs to the project "${state.project}", not to "${project}"`,
    {
      details: [`written ${showRecorded(state.written.at)} by ${state.written.by}`],
      hint: 'give each project a folder of its own with `state: { type: local, path: … }`, or put back the old name under `project:`',
    },
  )
}
