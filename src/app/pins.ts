/** A person's word above automation's: keep a service where it is, or let it go on. */
import { DeployError } from '../base/deploy-error.js'
import { parseVersion, showVersion, type Release } from '../model/release.js'
import type { RecordedService, RecordedState } from '../model/state.js'
import { changeState, notDeployed } from './change-state.js'
import { selectServices } from './select-services.js'
import { whoIs } from './under-lock.js'
import type { World } from './world.js'

export function pinService(
  world: World,
  service: string,
  version: string | null,
  reason: string,
): Promise<RecordedState> {
  return changeService(world, 'pin', service, (recorded) => {
    const release =
      version === null ? recorded.active.release : keptRelease(service, recorded, parseVersion(version))
    const at = world.clock.now().toISOString()
    return {
      ...recorded,
      pin: { version: release.version, digest: release.digest, reason, at, by: whoIs(world) },
    }
  })
}

/** Also lifts the holds that a rollback made: they were the other half of the same word. Failures stay held. */
export function unpinService(world: World, service: string): Promise<RecordedState> {
  return changeService(world, 'unpin', service, (recorded) => {
    if (recorded.pin === null) {
      throw new DeployError('USAGE', `${service} is not pinned`, { hint: 'deployctl status' })
    }
    return { ...recorded, pin: null, holds: recorded.holds.filter((hold) => hold.cause !== 'rolledBack') }
  })
}

function keptRelease(service: string, recorded: RecordedService, version: string): Release {
  const kept = [recorded.active, ...recorded.previous].map((deployed) => deployed.release)
  const release = kept.find((one) => one.version === version)
  if (release !== undefined) return release
  throw new DeployError(
    'RELEASE_UNKNOWN',
    `${service} ${showVersion(version)} is not among the releases kept here, so it cannot be pinned`,
    {
      details: [`kept here: ${kept.map((one) => showVersion(one.version)).join(', ')}`],
      hint: `to go to another version: deployctl rollback --service ${service} --to ${showVersion(version)}`,
    },
  )
}

async function changeService(
  world: World,
  operation: string,
  service: string,
  change: (recorded: RecordedService) => RecordedService,
): Promise<RecordedState> {
  return changeState(world, operation, `${operation} ${service}`, (state) => {
    selectServices([service], world.config, state)
    const recorded = state.services[service]
    if (recorded === undefined) throw notDeployed(service, operation)
    return { ...state, services: { ...state.services, [service]: change(recorded) } }
  })
}
