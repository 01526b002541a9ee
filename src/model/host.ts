/**
 * A machine that deployctl works on: this one, or one that is reached over SSH. What runs commands there and what
 * sends scripts there are ports, so that a target need not know how its host is reached.
 */
import type { Become } from './become.js'
import type { HostAddress, HostSpec } from './host-spec.js'
import type { Shell } from './shell.js'

/** What holds for all connections of one environment. */
export interface SshSettings {
  /** Relative to deploy.yaml; null for the user's own. */
  readonly config: string | null
  readonly connectTimeoutMs: number
  readonly keepAliveMs: number
  /** Connections that may be opened at the same moment; a jump host or a slow machine takes only so many. */
  readonly startsAtOnce: number
}

/** Bytes of a known number, sent to a script's standard input. */
export interface ScriptInput {
  readonly bytes: number
  open(): AsyncIterable<Uint8Array>
}

export interface ScriptRequest {
  /** For /bin/sh; it runs in a subshell of its own, with `LC_ALL=C`. */
  readonly script: string
  /** What is tried, as messages say it: `look at /srv/app`. */
  readonly doing: string
  readonly timeoutMs: number
  /** Has to be read by the script to the last byte. */
  readonly input?: ScriptInput
  /** Whether it only looks, so that it may be sent again when an idle connection turns out to be dead. */
  readonly repeatable?: boolean
  /** Bytes sent so far. */
  readonly onSent?: (bytes: number) => void
}

export interface ScriptResult {
  readonly exitCode: number
  readonly stdout: Buffer
  /** The last lines. */
  readonly stderr: readonly string[]
}

/** A connection to one host, opened when it is first needed and kept for what comes after. */
export interface HostLink {
  readonly host: HostAddress
  /**
   * Runs a script in one round trip. A non-zero exit is a result; throws DeployError HOST_UNREACHABLE, HOST_DENIED,
   * HOST_KEY_REFUSED, TIMEOUT, CANCELLED when it did not come to its end. A script that has begun is not interrupted by the
   * signal unless it waits for input.
   */
  run(request: ScriptRequest, signal: AbortSignal): Promise<ScriptResult>
  /** Runs commands on the host; `directory` is a folder there, and children have no number here. */
  readonly shell: Shell
  /** A command whose input and output are a connection to a port, as the host sees it. */
  tunnel(host: string, port: number): readonly string[]
  /**
   * A command that leads a Unix socket `here` to one of the host for as long as it runs and its input is open; it says
   * `ready` when it does.
   */
  socket(here: string, there: string): readonly string[]
  /** Begins to connect, so that the first request finds the connection on its way. What goes wrong is told to that request. */
  connectAhead(): void
  /** Ends what is idle; later requests connect anew. */
  close(): Promise<void>
}

/** Where the hosts of a group come from. */
export type HostGroup =
  | { readonly kind: 'listed'; readonly hosts: readonly HostSpec[] }
  /** A JSON file with such a list; relative to deploy.yaml. */
  | { readonly kind: 'file'; readonly path: string }
  /** A command that prints one. */
  | { readonly kind: 'command'; readonly run: readonly string[]; readonly timeoutMs: number }

/** A host, and the groups that have it. */
export interface GroupedHost extends HostSpec {
  readonly groups: readonly string[]
}

/** What was found of one host, without judging it. */
export interface Examination {
  /** As its own tools say. */
  readonly user: string
  readonly system: string
  /** Of what deployctl needs there; names for people. */
  readonly missing: readonly string[]
  /** How far its clock is ahead of this machine's. */
  readonly clockAheadMs: number
  readonly roundTripMs: number
  /** Whether commands may be run as root without a password. */
  readonly sudo: boolean
  /** The version of a Docker engine that this user may use. */
  readonly docker: string | null
  readonly folders: readonly {
    readonly path: string
    /** Whether the nearest folder that is there may be written to. */
    readonly isWritable: boolean
    readonly freeBytes: number
  }[]
}

/** The hosts of one environment. */
export interface Hosts {
  /** In the order written; inventories are asked once. Throws DeployError CONFIG_INVALID for one that makes no sense. */
  all(signal: AbortSignal): Promise<readonly GroupedHost[]>
  /** Its shell has the host's variables in the environment of every command. */
  link(host: HostSpec): HostLink
  /** The same as another user; also for the machine that deployctl runs on. */
  linkAs(host: HostSpec, become: Become): HostLink
  /** `folders` are absolute paths there. Throws what HostLink.run throws. */
  examine(host: HostSpec, folders: readonly string[], signal: AbortSignal): Promise<Examination>
}
