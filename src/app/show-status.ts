/** What runs where, what is recorded, and what a person should look at. It shows what it can, whatever is broken. */
import pLimit from 'p-limit'
import { reportOf } from '../base/deploy-error.js'
import type { RecordedState } from '../model/state.js'
import { holdsOf } from '../model/state.js'
import { waitingChanges } from './change-approvals.js'
import { freezeOf } from './freezes.js'
import type { ServiceStatus, StatusReport } from './requests.js'
import type { World } from './world.js'
import { thisHost } from '../model/host-spec.js'
import { recordedInstances } from './observe.js'
import { readState } from './read-state.js'
import { waitingSteps } from './waiting-steps.js'

const looksAtOnce = 16

export async function showStatus(world: World, signal: AbortSignal): Promise<StatusReport> {
  const { project, environment, services } = world.config
  const state = await readState(world)
  const names = [...new Set([...Object.keys(services), ...Object.keys(state?.services ?? {})])].sort()
  const limit = pLimit(looksAtOnce)
  const [rows, lock, unfinished, history] = await Promise.all([
    Promise.all(names.map((name) => limit(() => statusOf(world, state, name, signal)))),
    world.store.lockHolder(environment),
    world.store.unfinished(environment),
    world.store.readHistory(environment, 1),
  ])
  return {
    project,
    environment,
    serial: state?.serial ?? null,
    services: rows,
    lock,
    unfinished,
    waiting: await waitingSteps(world, unfinished),
    approvals: await waitingChanges(world),
    freeze: freezeOf(state, world.clock.now()),
    last: history[0] ?? null,
  }
}

async function statusOf(
  world: World,
  state: RecordedState | null,
  service: string,
  signal: AbortSignal,
): Promise<ServiceStatus> {
  const recorded = state?.services[service]
  const active = recorded?.active ?? null
  const base = {
    service,
    configured: world.config.services[service] !== undefined,
    version: active?.release.version ?? null,
    digest: active?.release.digest ?? null,
    since: active?.at ?? null,
    deployment: active?.deployment ?? null,
    pin: recorded?.pin ?? null,
    holds: holdsOf(state, service),
  }
  if (active === null) return { ...base, observation: null, problem: null }
  try {
    const target = world.target(active.spec.target, { service, host: thisHost })
    const observation = await target.inspect(recordedInstances(recorded ?? null), signal)
    return { ...base, observation, problem: null }
  } catch (error) {
    return { ...base, observation: null, problem: reportOf(error) }
  }
}
