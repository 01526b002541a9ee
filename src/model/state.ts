/** What deployctl remembers of an environment between deployments. Written once, at the end of each. */
import type { HostSpec } from './host-spec.js'
import type { Instance } from './instance.js'
import type { Release } from './release.js'
import { specOn, type Specified } from './spec.js'

/** A release as it was deployed: enough to roll back to it, or take it down, without deploy.yaml. */
export interface Deployed extends Specified {
  readonly release: Release
  readonly instances: readonly Instance[]
  /** Where those instances are that are reached over SSH, by name, as deploy.yaml had it then. */
  readonly hosts?: { readonly [name: string]: HostSpec }
  /** ISO 8601. */
  readonly at: string
  /** The deployment that brought it. */
  readonly deployment: string
  /** Its instances are up without traffic, so that going back is one switch; ISO 8601, until when. */
  readonly warmUntil?: string
}

/** A host that has not got the active release, although it should: the next plan brings it up to date. */
export interface Lag {
  readonly host: string
  /** What it has instead, with the instances of this host alone; null when it has nothing. */
  readonly has: Deployed | null
  /** Why, in a sentence: `it was not reached`. */
  readonly reason: string
  readonly at: string
  readonly deployment: string
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
  /** With the instances that there are: a host that lags behind has none among them. */
  readonly active: Deployed
  /** Absent where no host does. */
  readonly lagging?: readonly Lag[]
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

/** What is recorded to be on one host, with its instances and its specification alone; null where nothing is. */
export function recordedOn(recorded: RecordedService | null, host: string): Deployed | null {
  const lag = recorded?.lagging?.find((one) => one.host === host)
  if (recorded === null || lag !== undefined) return lag?.has ?? null
  const instances = recorded.active.instances.filter((instance) => instance.host === host)
  if (instances.length === 0) return null
  const { specs: _, ...active } = recorded.active
  return { ...active, spec: specOn(recorded.active, host), instances }
}

/** Every host that has something of a service by the record, or should have: in the order of the record. */
export function recordedHosts(recorded: RecordedService | null): readonly string[] {
  if (recorded === null) return []
  const warm = recorded.previous.filter(({ warmUntil }) => warmUntil !== undefined)
  const instances = [recorded.active, ...warm].flatMap((deployed) => deployed.instances)
  return [
    ...new Set([...instances.map(({ host }) => host), ...(recorded.lagging ?? []).map(({ host }) => host)]),
  ]
}
