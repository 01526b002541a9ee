/** A person's word, written into the state: under the lock, with nothing half done, one serial further. */
import { DeployError } from '../base/deploy-error.js'
import type { RecordedState } from '../model/state.js'
import { readState } from './read-state.js'
import { refuseUnfinished } from './refuse-unfinished.js'
import { underLock, whoIs } from './under-lock.js'
import type { World } from './world.js'

/** `change` gets null where nothing has been deployed yet, and answers null when there is nothing to write. */
export async function changeState(
  world: World,
  operation: string,
  cause: string,
  change: (state: RecordedState, at: string, by: string) => RecordedState | null,
): Promise<RecordedState> {
  return underLock(world, operation, async () => {
    await refuseUnfinished(world, true)
    const state = await readState(world)
    const at = world.clock.now().toISOString()
    const by = whoIs(world)
    const before = state ?? firstState(world, at, by)
    const changed = change(before, at, by)
    if (changed === null) return before
    const next = { ...changed, serial: before.serial + 1, written: { at, by, cause } }
    await world.store.writeIf(state === null ? null : state.serial, next)
    return next
  })
}

/** For a word that is said before the first deployment. */
function firstState(world: World, at: string, by: string): RecordedState {
  const { project, environment } = world.config
  return {
    format: 1,
    lineage: world.randomHex(32),
    serial: 0,
    project,
    environment,
    written: { at, by, cause: '' },
    services: {},
    orphanHolds: {},
  }
}

export function notDeployed(service: string, operation: string): DeployError {
  return new DeployError(
    'RELEASE_UNKNOWN',
    `${service} has never been deployed here, so there is nothing to ${operation}`,
    { hint: `deployctl apply --service ${service}` },
  )
}
