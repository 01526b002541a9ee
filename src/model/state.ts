/** What deployctl remembers of an environment between deployments. Written once, at the end of each. */
import type { Instance } from './instance.js'
import type { Release } from './release.js'
import type { InstanceSpec } from './spec.js'

/** A release as it was deployed: enough to roll back to it, or take it down, without deploy.yaml. */
export interface Deployed {
  readonly release: Release
  readonly spec: InstanceSpec
  readonly instances: readonly Instance[]
  /** ISO 8601. */
  readonly at: string
  /** The deployment that brought it. */
  readonly deployment: string
  /** Its instances are up without traffic, so that going back is one switch; ISO 8601, until when. */
  readonly warmUntil?: string
}

/** A release that must not be deployed again by itself. It is known by its digest, not by its version. */
export interface Hold {
  readonly version: string
  readonly digest: string
  readonly cause: 'failed' | 'rolledBack' | 'person'
  readonly reason: string
  readonly at: string
  readonly by: string
  readonly deployment: string
  /** How often it failed, where more than once. */
  readonly tries?: number
}

/** Nothing is deployed by itself until then, or until it is lifted. A person may. */
export interface Freeze {
  readonly reason: string
  readonly at: string
  readonly by: string
  /** Null: until a person lifts it. */
  readonly until: string | null
}

/** Keeps a service at a release until it is unpinned. */
export interface Pin {
  readonly version: string
  readonly digest: string
  readonly reason: string
  readonly at: string
  readonly by: string
}

export interface RecordedService {
  readonly active: Deployed
  /** Releases that served well before and can be rolled back to, newest first. */
  readonly previous: readonly Deployed[]
  readonly holds: readonly Hold[]
  readonly pin: Pin | null
}

export interface RecordedState {
  readonly format: 1
  /** Made once, with the first state: two states with the same serial and another lineage are strangers. */
  readonly lineage: string
  /** One more with every write. */
  readonly serial: number
  readonly project: string
  readonly environment: string
  /** Who wrote this serial, when, and by which deployment or command. */
  readonly written: { readonly at: string; readonly by: string; readonly cause: string }
  readonly services: { readonly [name: string]: RecordedService }
  /** Holds of services that were never deployed: a first deployment that failed. */
  readonly orphanHolds: { readonly [service: string]: readonly Hold[] }
  readonly freeze?: Freeze
}

/** Every hold of a service, whether or not it has ever been deployed. */
export function holdsOf(state: RecordedState | null, service: string): readonly Hold[] {
  return state?.services[service]?.holds ?? state?.orphanHolds[service] ?? []
}
