/** Holding a release by hand, before or after it was deployed, and letting it go again. */
import { DeployError } from '../base/deploy-error.js'
import { parseVersion, showVersion, type Release } from '../model/release.js'
import { holdsOf, type Hold, type RecordedState } from '../model/state.js'
import { changeState, notDeployed } from './change-state.js'
import { readState } from './read-state.js'
import { selectServices } from './select-services.js'
import type { World } from './world.js'

export async function holdRelease(
  world: World,
  service: string,
  version: string | null,
  reason: string,
  signal: AbortSignal,
): Promise<Hold> {
  const state = await readState(world)
  selectServices([service], world.config, state)
  const release = await releaseOf(world, state, service, version, signal)
  const held = (at: string, by: string): Hold => {
    const { version: exact, digest } = release
    return { version: exact, digest, cause: 'person', reason, at, by, deployment: '' }
  }
  const next = await changeState(world, 'hold', `hold ${service}`, (before, at, by) => {
    const others = holdsOf(before, service).filter(({ digest }) => digest !== release.digest)
    return withHolds(before, service, [...others, held(at, by)])
  })
  return held(next.written.at, next.written.by)
}

export async function unholdRelease(
  world: World,
  service: string,
  version: string | null,
): Promise<readonly Hold[]> {
  const lifted: Hold[] = []
  await changeState(world, 'unhold', `unhold ${service}`, (state) => {
    selectServices([service], world.config, state)
    const holds = holdsOf(state, service)
    const wanted = version === null ? null : parseVersion(version)
    lifted.push(...holds.filter((hold) => wanted === null || hold.version === wanted))
    if (lifted.length === 0) throw notHeld(service, wanted, holds)
    return withHolds(
      state,
      service,
      holds.filter((hold) => !lifted.includes(hold)),
    )
  })
  return lifted
}

/** What is kept here needs no source; another version is asked for, since holds go by digest. */
async function releaseOf(
  world: World,
  state: RecordedState | null,
  service: string,
  version: string | null,
  signal: AbortSignal,
): Promise<Release> {
  const recorded = state?.services[service]
  if (version === null) {
    if (recorded === undefined) throw notDeployed(service, 'hold')
    return recorded.active.release
  }
  const wanted = parseVersion(version)
  const kept = [recorded?.active, ...(recorded?.previous ?? [])].flatMap(
    (deployed) => deployed?.release ?? [],
  )
  const known = kept.find((release) => release.version === wanted)
  if (known !== undefined) return known
  const name = world.config.services[service]?.source
  const spec = name === undefined ? undefined : world.config.sources[name]
  if (name === undefined || spec === undefined) throw notDeployed(service, 'hold')
  return world.source(name, spec).resolve(wanted, signal)
}

function withHolds(state: RecordedState, service: string, holds: readonly Hold[]): RecordedState {
  const recorded = state.services[service]
  if (recorded !== undefined) {
    return { ...state, services: { ...state.services, [service]: { ...recorded, holds } } }
  }
  const { [service]: _, ...others } = state.orphanHolds
  return { ...state, orphanHolds: holds.length === 0 ? others : { ...others, [service]: holds } }
}

function notHeld(service: string, version: string | null, holds: readonly Hold[]): DeployError {
  const what = version === null ? 'no release of it is' : `${showVersion(version)} is not`
  const held = holds.map((hold) => showVersion(hold.version)).join(', ')
  return new DeployError('USAGE', `${service}: ${what} held`, {
    hint: holds.length === 0 ? 'deployctl status' : `held: ${held}`,
  })
}
