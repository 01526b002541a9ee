/**
 * What deploy.yaml says of one service, after merging, interpolation and validation.
 *
 * A spec is data that travels inside plans, journals and state, so that another process can finish or undo a
 * deployment after deploy.yaml has changed. Secrets in it are references (`${secret.X}`), never values.
 */
import type { Become } from './become.js'
import type { Json } from '../base/hash.js'

/** The options of a driver as deploy.yaml has them, chosen by `type`. Drivers know the rest of the shape. */
export interface DriverSpec {
  readonly type: string
  readonly [option: string]: Json
}

/** A command to run: an argument list, or a line for `/bin/sh -c` when the user writes `shell:`. */
export type Command = { readonly run: readonly string[] } | { readonly shell: string }

/** One health check of one service: what to probe, and when to believe it. */
export interface CheckSpec {
  readonly name: string
  readonly probe: DriverSpec
  readonly intervalMs: number
  /** For one probe. */
  readonly timeoutMs: number
  /** Good answers in a row that make the service healthy. */
  readonly healthyAfter: number
  /** For all probes together. */
  readonly deadlineMs: number
}

export const hookMoments = [
  'beforeDeploy',
  'beforeStart',
  'beforeSwitch',
  'afterSwitch',
  'afterDeploy',
  'onFailure',
  'beforeRollback',
  'afterRollback',
] as const
export type HookMoment = (typeof hookMoments)[number]

export interface HookSpec {
  readonly name: string
  readonly when: HookMoment
  /** The service it belongs to, or null for once per deployment. */
  readonly service: string | null
  readonly command: Command
  /** What undoes it: a command, nothing at all, or a reason why it cannot be undone. */
  readonly revert: Command | { readonly nothing: true } | { readonly irreversible: string }
  readonly timeoutMs: number
  readonly onFailure: 'abort' | 'continue'
  /** Where it runs: the folder of deploy.yaml, or the folder of the new release. */
  readonly directory: 'project' | 'release'
  /** On which machine: that of the service, or the one deployctl runs on. */
  readonly at: 'host' | 'controller'
  /** Whether it runs for every host of the service. */
  readonly each: 'deployment' | 'host'
  /** As whom, by sudo; null for whoever deploys. */
  readonly become: Become | null
  /** Declared variables, beside DEPLOYCTL_*; values may hold secret references. */
  readonly env: { readonly [name: string]: string }
}

/** What an instance is made of, beside its release: enough to run it, check it and take it down. */
export interface InstanceSpec {
  readonly target: DriverSpec
  readonly checks: readonly CheckSpec[]
}

/** What a service is made of: on all of its hosts the same, or with what is different on some. */
export interface Specified {
  /** As deploy.yaml has it; with references to the host (interpolate-host.ts) where it differs by host. */
  readonly spec: InstanceSpec
  /** By host, where `spec` speaks of its host. */
  readonly specs?: { readonly [host: string]: InstanceSpec }
}

/** What the service is made of on one host. */
export function specOn({ spec, specs }: Specified, host: string): InstanceSpec {
  return (specs !== undefined && Object.hasOwn(specs, host) ? specs[host] : undefined) ?? spec
}

/** The same for some hosts only. */
export function specsOf({ specs = {} }: Specified, hosts: Iterable<string>): Pick<Specified, 'specs'> {
  const wanted = new Set(hosts)
  const left = Object.entries(specs).filter(([host]) => wanted.has(host))
  return left.length === 0 ? {} : { specs: Object.fromEntries(left) }
}

export interface StrategySpec {
  readonly type: string
  readonly [option: string]: Json
}
