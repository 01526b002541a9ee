/** The contract of a target: what runs a service. */
import type { Become } from './become.js'
import type { Child, CommandResult } from './shell.js'
import type { Command, DriverSpec } from './spec.js'
import type { Drift } from './change.js'
import type { OutputLine, Progress } from './event.js'
import type { FetchedArtifact } from './source.js'
import type { HostLink } from './host.js'
import type { HostSpec } from './host-spec.js'
import type { Instance } from './instance.js'
import type { JsonSchema } from './schema.js'
import type { Ports } from './ports.js'
import type { Release } from './release.js'
import type { Verb } from './operation.js'

/** What every operation of a target gets beside its instance. */
export interface OperationContext {
  readonly signal: AbortSignal
  readonly deployment: string
  readonly onProgress: (progress: Progress) => void
  readonly onLine: (line: OutputLine) => void
  /** To be awaited before a child does anything: it is journalled, so that recovery can end it. */
  readonly onChild: (child: Child) => Promise<void>
}

/** A release that lies on the target, whether or not it serves. */
export interface StagedRelease {
  readonly name: string
  readonly version: string
  readonly digest: string
  /** `published`: it has served; `staged`: it never has; `broken`: it is not whole. */
  readonly status: 'staged' | 'published' | 'broken'
  readonly stagedAt: string | null
  readonly bytes: number | null
}

/** A copy of a release that is there to run, whether or not traffic reaches it. */
export interface RunningInstance {
  /** As `copyName` says it. */
  readonly name: string
  readonly status: 'running' | 'ended'
}

/** What is really there. Plain data, the same for the same world, so that it can be part of a plan's basis. */
export interface Observation {
  readonly host: string
  /** The name of the instance that serves, or null. */
  readonly serving: string | null
  readonly staged: readonly StagedRelease[]
  /** Copies of this service's releases, where the target runs instances. */
  readonly running?: readonly RunningInstance[]
  /** Differences from what is recorded. */
  readonly drift: readonly Drift[]
  /** Things worth telling: folders that are not ours, a stale temporary link. */
  readonly notices: readonly string[]
}

/** A claim on a place, held during a deployment so that nobody else deploys there. */
export interface Claim {
  release(): Promise<void>
}

/** Who has claimed a place. */
export interface ClaimHolder {
  readonly by: string
  /** The machine it was done from. */
  readonly from: string
  readonly since: string
}

export interface ClaimRequest {
  readonly deployment: string
  readonly by: string
  /** Tells this process's claims for one deployment from those it could not give back earlier, when a host was away. */
  readonly attempt?: string
  /** Releases about to be staged: room is looked for before anything is touched. */
  readonly incoming: readonly Release[]
}

/** What is recorded of a service on one host: what serves, and what is there to go back to. */
export interface RecordedInstances {
  readonly active: readonly Instance[]
  readonly previous: readonly Instance[]
}

/** One end of a route with its instances looked up. */
export interface RoutedShare {
  readonly instance: Instance
  readonly weight: number
}

/** How an instance can be reached and judged beside its folder, for checks and hooks. */
export interface InstanceReach {
  /** Where it listens, from the machine deployctl runs on; null when it does not run or listens nowhere. */
  readonly address: { readonly host: string; readonly port: number } | null
  /** Where the address is one as another machine sees it: a command that leads there. */
  readonly tunnel?: (host: string, port: number) => readonly string[]
  /** Null while it runs; else in a sentence how it ended: `it exited with code 1, 2 s after its start`. */
  readonly ended: string | null
  /** What the engine that runs it says of its health, where it has a word for it. */
  readonly health: 'none' | 'starting' | 'healthy' | 'unhealthy'
  /** How often the engine has started it again. */
  readonly restarts: number
  /** Runs a command inside; the result is as the shell's. */
  run(
    command: Command,
    request: {
      readonly env: { readonly [name: string]: string }
      readonly timeoutMs: number
      readonly onLine?: (line: OutputLine) => void
    },
    signal: AbortSignal,
  ): Promise<Pick<CommandResult, 'exitCode' | 'ended' | 'lastLines'>>
}

/**
 * One service on one host. Every method is idempotent, and every inverse accepts that there is nothing to undo, or
 * only half. The optional verbs are those a strategy may ask for; `TargetDriver.verbs` says which there are.
 */
export interface Target {
  /** It will be looked at soon: begins to connect to where it is. What goes wrong is told by `inspect`. */
  approach?(): void
  /**
   * This release will be staged soon, most likely: makes ready on this machine what can be, and touches nothing there. Where
   * it fails, `stage` tries again and tells.
   */
  prepare?(
    release: Release,
    obtain: () => Promise<FetchedArtifact>,
    context: Pick<OperationContext, 'signal' | 'onProgress'>,
  ): Promise<void>
  /** Looks only. */
  inspect(recorded: RecordedInstances, signal: AbortSignal): Promise<Observation>
  /**
   * Refuses what must not be started (not writable, `current` is a folder, disk too full, claimed by another), before
   * anything is touched; then claims the place until released. Throws DeployError.
   */
  claim(request: ClaimRequest, signal: AbortSignal): Promise<Claim>
  /**
   * Takes away what a deployment has claimed here, whoever made it: a person knows that it is gone. Answers whose it was.
   * Throws LOCKED where its process is known to live.
   */
  unclaim?(deployment: string, signal: AbortSignal): Promise<readonly ClaimHolder[]>
  /** `obtain` brings the artifact; it must not be called when the release already lies there, whole. */
  stage(instance: Instance, obtain: () => Promise<FetchedArtifact>, context: OperationContext): Promise<void>
  discard(instance: Instance, context: OperationContext): Promise<void>
  /** Makes it run as its specification says; one that runs so already is left alone, any other is made anew. */
  start?(instance: Instance, context: OperationContext): Promise<void>
  /** Gracefully; afterwards nothing of the instance is left but its staged release. */
  stop?(instance: Instance, context: OperationContext): Promise<void>
  /** From some instances to others, all of this target; an empty list is "nothing serves". Atomic for those who use it. */
  route(from: readonly RoutedShare[], to: readonly RoutedShare[], context: OperationContext): Promise<void>
  /**
   * The traffic has gone on to instances of the same service with other options: lets go of what only these options had,
   * such as another router.
   */
  leave?(next: DriverSpec, context: OperationContext): Promise<void>
  /** Waits until instances without traffic are idle; resolves as well when the deadline has passed. */
  drain?(instances: readonly Instance[], deadlineMs: number, context: OperationContext): Promise<void>
  /**
   * Before an interrupted deployment is taken up: what goes by where instances were (the addresses in a router) is set to
   * where they are now. Moves no traffic between instances.
   */
  retrace?(context: OperationContext): Promise<void>
  /** Removes staged releases that are not in `keep`; answers what it removed. */
  prune(keep: readonly string[], context: OperationContext): Promise<readonly string[]>
  /** The folder of an instance's files, for hooks and checks that run beside them; null where there is none. */
  folderOf(instance: Instance): string | null
  /** For targets whose instances run by themselves. */
  reach?(instance: Instance, signal: AbortSignal): Promise<InstanceReach>
  /** What an instance says: its last lines, and where it is followed all that come, until it ends or the signal aborts. */
  logs?(
    instance: Instance,
    request: { readonly lastLines: number; readonly follow: boolean },
    onLine: (line: OutputLine) => void,
    signal: AbortSignal,
  ): Promise<void>
  /** An instance's last words, for the story of a failure: log lines, exit code; at most 60 lines. */
  lastWords?(instance: Instance, signal: AbortSignal): Promise<readonly string[]>
}

/**
 * What changing an option takes: another place, a new release folder or new instances, more or fewer instances, a
 * switch (restart), or nothing at all.
 */
export type OptionEffect = 'replace' | 'stage' | 'scale' | 'route' | 'none'

/** What is known of a kind of target without loading its code: for validation and for the planner. */
export interface TargetTraits {
  readonly type: string
  readonly schema: JsonSchema
  readonly verbs: readonly Verb[]
  /** For every option of the schema but `type`. */
  readonly effects: { readonly [option: string]: OptionEffect }
  /** Options whose change shapes the instance's name are those with effect `stage`. */
  readonly keepReleases: { readonly option: string; readonly default: number }
  /** The option with which only one generation of instances can run at a time. */
  readonly exclusive?: string
  /** The option, and its value, with which hosts fetch releases themselves: the source has to have an address for them. */
  readonly pulling?: { readonly option: string; readonly value: string }
  /** The option without which nothing can be restarted, where instances do not run by themselves. */
  readonly restarting?: string
  /** The option without which traffic cannot be divided unequally, and the kinds of it that can. */
  readonly weighing?: { readonly option: string; readonly kinds: readonly string[] }
  /** The option, and the key in it, that says that what instances say also goes to the agent's log. */
  readonly agentLog?: { readonly option: string; readonly key: string }
  /** The option that says that instances are to end when the agent is told to. */
  readonly endsWithAgent?: string
  /** False where instances without traffic cannot stay up for a rollback. */
  readonly keepsWarm?: false
  /** The option that says how many copies run on each host, where there may be several. */
  readonly replicas?: { readonly option: string; readonly default: number }
}

/** Whose target it is and where: the names that what it makes is known by. */
export interface TargetScope {
  readonly project: string
  readonly environment: string
  readonly service: string
  /** `local`, or the name of a host. */
  readonly host: string
  /** How that host is reached; null for the machine deployctl runs on. */
  readonly link: HostLink | null
  /** The same host as another user, also where it is this machine. */
  linkAs(become: Become): HostLink
  /** Another host, such as one that an address in deploy.yaml names. */
  linkTo(host: HostSpec): HostLink
}

export interface TargetDriver extends TargetTraits {
  create(options: DriverSpec, scope: TargetScope, ports: Ports): Target
}
