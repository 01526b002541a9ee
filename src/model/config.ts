/** deploy.yaml for one environment, as it is meant: merged, interpolated, validated, with units resolved. */
import type { AgentConfig } from './agent.js'
import type { CacheLimits } from './cache.js'
import type { HostGroup, SshSettings } from './host.js'
import type { CheckSpec, DriverSpec, HookSpec, StrategySpec } from './spec.js'

/** Which of a source's versions a service wants. */
export interface VersionPolicy {
  /** Exact (`1.4.2`), a range of the scheme (`^1.4`), or `latest`. */
  readonly version: string
  /** How versions are written and ordered: `semver`, or a calendar format such as `YYYY.MM.MICRO`. */
  readonly scheme: string
  /** Whether versions such as `2.0.0-rc.1` count; a text admits those of one channel, `beta` for one. */
  readonly prerelease: boolean | string
  /** How long ago a version must have been published. */
  readonly minAgeMs: number
  /** Exact versions and ranges that are never deployed. */
  readonly deny: readonly string[]
  /** Whether a range may lead to an older version than the one that runs. */
  readonly allowDowngrade: boolean
}

export interface ServiceConfig {
  readonly name: string
  readonly source: string
  readonly policy: VersionPolicy
  /** How long after its publication a version of its source may still be without its artifact. */
  readonly gracePeriodMs: number
  readonly dependsOn: readonly string[]
  readonly target: DriverSpec
  /** Names of hosts and groups that it runs on; none means the machine deployctl runs on. */
  readonly hosts: readonly string[]
  readonly strategy: StrategySpec
  readonly checks: readonly CheckSpec[]
}

/** What a notifier may be told of; the names are also those of `events:` in deploy.yaml. */
export const notificationEvents = [
  'started',
  'downloaded',
  'switched',
  'waiting',
  'succeeded',
  'failed',
  'rolledBack',
  'stuck',
  'available',
  'held',
  'drift',
  'recovered',
] as const
export type NotificationEvent = (typeof notificationEvents)[number]

export interface NotifierConfig {
  readonly name: string
  readonly driver: DriverSpec
  readonly events: readonly NotificationEvent[]
}

export interface Config {
  readonly project: string
  readonly environment: string
  readonly state: DriverSpec
  readonly sources: { readonly [name: string]: DriverSpec }
  readonly services: { readonly [name: string]: ServiceConfig }
  readonly hooks: readonly HookSpec[]
  readonly notifiers: readonly NotifierConfig[]
  /** Machines reached over SSH, by group. */
  readonly hosts: { readonly [group: string]: HostGroup }
  readonly ssh: SshSettings
  /** Where `${secret.X}` comes from, for names that are not simply environment variables. */
  readonly secrets: { readonly [name: string]: DriverSpec }
  /** How much of what was fetched is kept. */
  readonly cache: CacheLimits
  readonly agent: AgentConfig
  /** Steps that may run at once. */
  readonly parallelism: number
  /** How far a failure reaches: the whole deployment, or the failed service and what depends on it. */
  readonly onFailure: 'deployment' | 'service'
}
