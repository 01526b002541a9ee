/** Which services a failure has taken along, and the signals that cancel what still runs for them. */
import type { Plan, Step } from '../model/plan.js'

/** A service's name, or null for the hooks of the whole deployment. */
export type Owner = string | null

export interface Reach {
  readonly services: readonly string[]
  /** Whom the failure of this owner takes along, itself included. */
  of(owner: Owner): readonly Owner[]
  everyone(): readonly Owner[]
  has(owner: Owner): boolean
  readonly size: number
  /**
   * Adds owners, cancels their running steps, and answers those that were not in it before. With the last of the services
   * go the hooks of the whole deployment: nothing is left that they belong to.
   */
  add(owners: readonly Owner[], reason: unknown): readonly Owner[]
  signalOf(step: Step): AbortSignal
  /** Cancels what runs without giving anybody up: for prunes, and for a lock that was lost. */
  cancelAll(reason: unknown): void
}

export function createReach(plan: Plan): Reach {
  const services = plan.changes.filter((change) => change.kind !== 'none').map((change) => change.service)
  const everyone: readonly Owner[] = [...services, null]
  const controllers = new Map(everyone.map((owner) => [owner, new AbortController()]))
  const reached = new Set<Owner>()
  return {
    services,
    everyone: () => everyone,
    of(owner) {
      const fate = owner === null ? undefined : plan.fate[owner]
      return fate === undefined || fate.length === services.length ? everyone : fate
    },
    has: (owner) => reached.has(owner),
    get size() {
      return reached.size
    },
    add(owners, reason) {
      const all = new Set([...reached, ...owners])
      if (services.every((service) => all.has(service))) all.add(null)
      const fresh = [...all].filter((owner) => !reached.has(owner))
      for (const owner of fresh) reached.add(owner)
      for (const owner of fresh) controllers.get(owner)?.abort(reason)
      return fresh
    },
    signalOf: (step) => controllers.get(step.service)?.signal ?? new AbortController().signal,
    cancelAll(reason) {
      for (const controller of controllers.values()) controller.abort(reason)
    },
  }
}
