/** deploy.yaml for one environment, as it is meant: merged, interpolated, validated, with units resolved. */
import type { CheckSpec, DriverSpec, HookSpec, StrategySpec } from './spec.js'

/** Which of a source's versions a service wants. */
export interface VersionPolicy {
  /** Exact (`1.4.2`), a semver range (`^1.4`), or `latest`. */
  readonly version: string
  /** Whether versions such as `2.0.0-rc.1` count. */
  readonly prerelease: boolean
}

export interface ServiceConfig {
  readonly name: string
  readonly source: string
  readonly policy: VersionPolicy
  readonly dependsOn: readonly string[]
  readonly target: DriverSpec
  readonly strategy: StrategySpec
  readonly checks: readonly CheckSpec[]
}

/** What a notifier may be told of; the names are also those of `events:` in deploy.yaml. */
export const notificationEvents = ['started', 'succeeded', 'failed', 'rolledBack', 'stuck'] as const
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
  /** Where `${secret.X}` comes from, for names that are not simply environment variables. */
  readonly secrets: { readonly [name: string]: DriverSpec }
  /** Steps that may run at once. */
  readonly parallelism: number
  /** How far a failure reaches: the whole deployment, or the failed service and what depends on it. */
  readonly onFailure: 'deployment' | 'service'
}
