/**
 * A service that is new in deploy.yaml and stands where one that has gone from it stood is the same service under a new
 * name: taking the old one down would take the new one's folder. It takes over the whole record, a person's pin and what
 * is held included, before anything is decided of it.
 */
import type { Plan } from '../model/plan.js'
import type { Deployed, RecordedService, RecordedState } from '../model/state.js'
import { samePlace } from '../plan/diff.js'
import type { World } from './world.js'

export interface NamedState {
  readonly state: RecordedState | null
  readonly renamed: Plan['renamed']
}

export function underNewNames(world: World, state: RecordedState | null): NamedState {
  const renamed = findRenames(world, state)
  if (state === null || Object.keys(renamed).length === 0) return { state, renamed }
  const services = { ...state.services }
  for (const [service, old] of Object.entries(renamed)) {
    const record = state.services[old]
    if (record !== undefined) services[service] = renameRecord(record, service)
    Reflect.deleteProperty(services, old)
  }
  return { state: { ...state, services }, renamed }
}

function findRenames(world: World, state: RecordedState | null): Plan['renamed'] {
  const { services } = world.config
  const recorded = Object.entries(state?.services ?? {})
  const going = recorded.filter(([service]) => services[service] === undefined)
  const renamed: Record<string, string> = {}
  for (const { name, target } of Object.values(services)) {
    if (going.length === 0 || state?.services[name] !== undefined) continue
    const traits = world.traits(target.type)
    const place = going.findIndex(([, { active }]) => samePlace(active.spec.target, target, traits))
    const [old] = place === -1 ? [] : going.splice(place, 1)
    if (old !== undefined) renamed[name] = old[0]
  }
  return renamed
}

/** The instances are the same, only whose they are has changed. */
function renameRecord(record: RecordedService, service: string): RecordedService {
  const rename = (deployed: Deployed): Deployed => ({
    ...deployed,
    instances: deployed.instances.map((instance) => ({ ...instance, service })),
  })
  const { lagging } = record
  return {
    ...record,
    active: rename(record.active),
    ...(lagging === undefined
      ? {}
      : { lagging: lagging.map((lag) => ({ ...lag, has: lag.has === null ? null : rename(lag.has) })) }),
    previous: record.previous.map(rename),
  }
}
