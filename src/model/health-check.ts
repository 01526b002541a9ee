/** The contract of a health check: one probe, one answer. Repeating, counting and giving up is the engine's. */
import type { DriverSpec } from './spec.js'
import type { JsonSchema } from './schema.js'
import type { InstanceReach } from './target.js'
import type { Ports } from './ports.js'
import type { Shell } from './shell.js'

export interface ProbeAnswer {
  readonly healthy: boolean
  /** What was seen, for people: `GET http://127.0.0.1:8080/health answered 500 "db: connection refused"`. */
  readonly seen: string
  /** More of it: the first lines of a body, a command's last lines. */
  readonly details?: readonly string[]
}

/** Where the checked instance is. */
export interface ProbePlace {
  /** The host's name, and where its ports are from the machine deployctl runs on. */
  readonly host: string
  readonly hostAddress: string
  /** Runs commands on that host. */
  readonly shell: Shell
  /**
   * A command whose input and output are a connection to a port, as that host sees it; null where that is this machine.
   */
  readonly tunnel: ((host: string, port: number) => readonly string[]) | null
  /** The folder of its files, or null. */
  readonly folder: string | null
  /** DEPLOYCTL_* variables, for commands. */
  readonly env: { readonly [name: string]: string }
  /** How an instance that runs by itself is reached; null where the target has none. */
  readonly reach: InstanceReach | null
  /** What the check itself said before the deployment began to switch; null where it never does. */
  readonly mark: string | null
}

export interface HealthCheck {
  /** For checks that look at what is new: says where things are before the switch. Does not throw for what is missing. */
  mark?(place: ProbePlace, signal: AbortSignal): Promise<string>
  /** A refused connection, a time-out or a wrong answer is an unhealthy answer. It throws only when it can never work. */
  probe(place: ProbePlace, signal: AbortSignal): Promise<ProbeAnswer>
}

export interface HealthCheckDriver {
  readonly type: string
  readonly schema: JsonSchema
  create(options: DriverSpec, ports: Ports): HealthCheck
}
