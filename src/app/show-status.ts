/** What runs where, what is recorded, and what a person should look at. It shows what it can, whatever is broken. */
import pLimit, { type LimitFunction } from 'p-limit'
import { reportOf } from '../base/deploy-error.js'
import type { Deployed, RecordedService, RecordedState } from '../model/state.js'
import { holdsOf, recordedHosts, recordedOn } from '../model/state.js'
import { waitingChanges } from './change-approvals.js'
import { freezeOf } from './freezes.js'
import type { HostStatus, ServiceStatus, StatusReport } from './requests.js'
import type { World } from './world.js'
import type { HostSpec } from '../model/host-spec.js'
import { openHostBook, type HostBook } from './host-book.js'
import { recordedInstances } from './observe.js'
import { readState } from './read-state.js'
import { waitingSteps } from './waiting-steps.js'

const looksAtOnce = 64

export async function showStatus(world: World, signal: AbortSignal): Promise<StatusReport> {
  const { project, environment, services } = world.config
  const state = await readState(world)
  const names = [...new Set([...Object.keys(services), ...Object.keys(state?.services ?? {})])].sort()
  const book = await openHostBook(world, state, signal)
  const limit = pLimit(looksAtOnce)
  const [rows, lock, unfinished, history] = await Promise.all([
    Promise.all(names.map((name) => statusOf(world, state, name, book, limit, signal))),
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
  book: HostBook,
  limit: LimitFunction,
  signal: AbortSignal,
): Promise<ServiceStatus> {
  const recorded = state?.services[service] ?? null
  const config = world.config.services[service]
  const active = recorded?.active ?? null
  const wanted = config === undefined ? [] : book.wanted(config).map(({ name }) => name)
  const hosts = [...new Set([...wanted, ...recordedHosts(recorded)])]
  return {
    service,
    configured: config !== undefined,
    version: active?.release.version ?? null,
    digest: active?.release.digest ?? null,
    since: active?.at ?? null,
    deployment: active?.deployment ?? null,
    pin: recorded?.pin ?? null,
    holds: holdsOf(state, service),
    hosts: await Promise.all(
      hosts.map((host) =>
        limit(() => hostStatus(world, recorded, service, book.named(host), wanted, signal)),
      ),
    ),
  }
}

async function hostStatus(
  world: World,
  recorded: RecordedService | null,
  service: string,
  host: HostSpec,
  wanted: readonly string[],
  signal: AbortSignal,
): Promise<HostStatus> {
  const there = recordedOn(recorded, host.name)
  const base = {
    host: host.name,
    version: there?.release.version ?? null,
    behind: recorded === null ? null : behindOf(recorded, there, host.name, wanted),
  }
  if (there === null) return { ...base, observation: null, problem: null }
  try {
    const target = world.target(there.spec.target, { service, host })
    return {
      ...base,
      observation: await target.inspect(recordedInstances(recorded, host.name), signal),
      problem: null,
    }
  } catch (error) {
    return { ...base, observation: null, problem: reportOf(error) }
  }
}

function behindOf(
  recorded: RecordedService,
  there: Deployed | null,
  host: string,
  wanted: readonly string[],
): string | null {
  const lag = recorded.lagging?.find((one) => one.host === host)
  if (lag !== undefined) return lag.reason
  if (there === null) return 'it is new among the hosts'
  // Where the service itself is to go, that is said of the service.
  return wanted.length > 0 && !wanted.includes(host) ? 'it is no longer among the hosts' : null
}
