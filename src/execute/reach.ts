/** Which services, and which single hosts of services, failures have taken along, and the signals that cancel what still runs. */
import type { Lane } from '../model/journal.js'
import type { Plan, Step } from '../model/plan.js'

/** A service's name, one host of it as `laneKey` says it, or null for the hooks of the whole deployment. */
export type Owner = string | null

export interface Reach {
  readonly services: readonly string[]
  /** Whose steps these are. */
  ownerOf(step: Pick<Step, 'service' | 'lane'>): Owner
  /** Whom the failure of this service (or of the hooks) takes along, itself and every host included. */
  of(service: string | null): readonly Owner[]
  /** The services themselves and every host of theirs. */
  withLanes(services: readonly string[]): readonly Owner[]
  everyone(): readonly Owner[]
  /** Whether the service itself is given up, not only one of its hosts. */
  hasService(service: string | null): boolean
  hasLane(step: Step): boolean
  /** Hosts that failed alone, whatever became of their service since. */
  lanesOf(service: string): readonly Lane[]
  /** Whether any service is given up. */
  readonly isBroken: boolean
  /**
   * Adds owners, cancels their running steps, and answers those that were not in it before. With the last of the services
   * go the hooks of the whole deployment: nothing is left that they belong to.
   */
  add(owners: readonly Owner[], reason: unknown): readonly Owner[]
  signalOf(step: Step): AbortSignal
  /** Cancels what runs without giving anybody up: for prunes, and for a lock that was lost. */
  cancelAll(reason: unknown): void
}

export function laneKey({ service, host }: Lane): string {
  return `${service}@${host}`
}

export function createReach(plan: Plan): Reach {
  const services = plan.changes.filter((change) => change.kind !== 'none').map((change) => change.service)
  const lanes = new Map<string, Lane>()
  for (const { service, lane } of plan.steps) {
    if (service === null || lane === undefined) continue
    lanes.set(laneKey({ service, host: lane }), { service, host: lane })
  }
  const lanesOf = (service: string): readonly string[] =>
    [...lanes].flatMap(([key, lane]) => (lane.service === service ? [key] : []))
  const everyone: readonly Owner[] = [...services, ...lanes.keys(), null]
  const controllers = new Map(everyone.map((owner) => [owner, new AbortController()]))
  const reached = new Set<Owner>()
  const withLanes: Reach['withLanes'] = (some) => some.flatMap((service) => [service, ...lanesOf(service)])
  const ownerOf: Reach['ownerOf'] = ({ service, lane }) =>
    service === null || lane === undefined ? service : laneKey({ service, host: lane })
  const hasService = (service: string | null): boolean => reached.has(service)
  return {
    services,
    ownerOf,
    withLanes,
    everyone: () => everyone,
    of(service) {
      const fate = service === null ? undefined : plan.fate[service]
      if (fate === undefined || fate.length === services.length) return everyone
      return withLanes(fate)
    },
    hasService,
    hasLane: (step) => step.lane !== undefined && reached.has(ownerOf(step)),
    lanesOf: (service) =>
      [...lanes].flatMap(([key, lane]) => (lane.service === service && reached.has(key) ? [lane] : [])),
    get isBroken() {
      return services.some(hasService) || reached.has(null)
    },
    add(owners, reason) {
      const all = new Set([...reached, ...owners])
      if (services.every((service) => all.has(service))) all.add(null)
      const fresh = [...all].filter((owner) => !reached.has(owner))
      for (const owner of fresh) reached.add(owner)
      for (const owner of fresh) controllers.get(owner)?.abort(reason)
      return fresh
    },
    signalOf: (step) => controllers.get(ownerOf(step))?.signal ?? new AbortController().signal,
    cancelAll(reason) {
      for (const controller of controllers.values()) controller.abort(reason)
    },
  }
}
