/**
 * A host that will never come back: what is recorded to be on it is struck from the record, so that nobody tries to reach
 * it any more. Nothing is done on the host. Where deploy.yaml still has it, it counts as new from then on.
 */
import { DeployError } from '../base/deploy-error.js'
import { didYouMean } from '../base/nearest.js'
import { specsOf } from '../model/spec.js'
import {
  recordedHosts,
  recordedOn,
  type Deployed,
  type RecordedService,
  type RecordedState,
} from '../model/state.js'
import type { HostRecord } from './requests.js'
import { changeState } from './change-state.js'
import { readState } from './read-state.js'
import type { World } from './world.js'

/** Throws USAGE for a host that is in no record. */
export async function recordOfHost(world: World, host: string): Promise<HostRecord> {
  return recordIn(world, await readState(world), host)
}

export async function forgetHost(world: World, host: string): Promise<RecordedState> {
  return changeState(world, 'forget', `forget ${host}`, (state) => {
    const { services } = recordIn(world, state, host)
    const left: Record<string, RecordedService> = { ...state.services }
    for (const { service, isLast } of services) {
      const recorded = left[service]
      if (isLast) Reflect.deleteProperty(left, service)
      else if (recorded !== undefined) left[service] = withoutHost(recorded, host)
    }
    return { ...state, services: left }
  })
}

function recordIn(world: World, state: RecordedState | null, host: string): HostRecord {
  const all = Object.entries(state?.services ?? {})
  const found = all.filter(([, recorded]) => recordedHosts(recorded).includes(host))
  if (found.length === 0)
    throw unknown(world, host, [...new Set(all.flatMap(([, one]) => recordedHosts(one)))])
  return {
    host,
    services: found.map(([service, recorded]) => ({
      service,
      version: recordedOn(recorded, host)?.release.version ?? null,
      isLast: recordedHosts(recorded).length === 1 && world.config.services[service] === undefined,
    })),
  }
}

function withoutHost(recorded: RecordedService, host: string): RecordedService {
  const { lagging, ...rest } = recorded
  const others = (lagging ?? []).filter((lag) => lag.host !== host)
  return {
    ...rest,
    active: strike(recorded.active, host),
    previous: recorded.previous.map((deployed) => strike(deployed, host)),
    ...(others.length === 0 ? {} : { lagging: others }),
  }
}

function strike(deployed: Deployed, host: string): Deployed {
  const { specs: _specs, hosts, ...rest } = deployed
  const instances = deployed.instances.filter((instance) => instance.host !== host)
  const left = Object.entries(hosts ?? {}).filter(([name]) => name !== host)
  const others = Object.keys(deployed.specs ?? {}).filter((name) => name !== host)
  return {
    ...rest,
    ...specsOf(deployed, others),
    instances,
    ...(left.length === 0 ? {} : { hosts: Object.fromEntries(left) }),
  }
}

function unknown(world: World, host: string, known: readonly string[]): DeployError {
  const { environment } = world.config
  return new DeployError(
    'USAGE',
    `nothing is recorded of a host "${host}" in ${environment}.${didYouMean(host, known)}`,
    {
      hint: known.length === 0 ? 'nothing is deployed there' : `on record: ${known.join(', ')}`,
    },
  )
}
