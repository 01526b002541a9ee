/** What every use case works with: the composed ports and drivers of one project and environment. */
import type { Artifacts, Source } from '../model/source.js'
import type { Cache } from '../model/cache.js'
import type { Become } from '../model/become.js'
import type { CheckSpec, DriverSpec } from '../model/spec.js'
import type { Clock } from '../model/clock.js'
import type { Config } from '../model/config.js'
import type { HealthCheck, ProbePlace } from '../model/health-check.js'
import type { Hosts } from '../model/host.js'
import type { Lease } from '../model/lease.js'
import type { HostSpec } from '../model/host-spec.js'
import type { Notifier } from '../model/notifier.js'
import type { Ports } from '../model/ports.js'
import type { Secrets } from '../model/secrets.js'
import type { Shell } from '../model/shell.js'
import type { StateStore } from '../model/state-store.js'
import type { StrategyTraits } from '../plan/strategies/strategy.js'
import type { Target, TargetTraits } from '../model/target.js'

export interface World {
  readonly config: Config
  /** The digest of `config`, part of every plan's basis. */
  readonly configDigest: string
  /** Absolute: the folder of deploy.yaml. */
  readonly projectDirectory: string
  readonly clock: Clock
  readonly shell: Shell
  readonly secrets: Secrets
  readonly machine: Ports['machine']
  readonly hosts: Hosts
  readonly store: StateStore
  readonly artifacts: Artifacts
  readonly cache: Cache
  source(name: string, spec: DriverSpec): Source
  target(spec: DriverSpec, place: { readonly service: string; readonly host: HostSpec }): Target
  /** Runs commands on a host, or on this machine. */
  shellOn(host: HostSpec, become?: Become): Shell
  /** How its ports are reached as it sees them; null for this machine. */
  tunnelTo(host: HostSpec): ProbePlace['tunnel']
  traits(type: string): TargetTraits
  strategy(type: string): StrategyTraits
  check(spec: CheckSpec): HealthCheck
  notifier(spec: DriverSpec): Notifier
  /** Of this project and environment. */
  lease(spec: DriverSpec): Lease
  /** 0–1, for the jitter of repeated tries. */
  random(): number
  /** Random hexadecimal digits, for deployment and state ids. */
  randomHex(digits: number): string
}
