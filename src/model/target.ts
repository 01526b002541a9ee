/** The contract of a target: what runs a service. */
import type { Child } from './shell.js'
import type { DriverSpec } from './spec.js'
import type { Drift } from './change.js'
import type { OutputLine, Progress } from './event.js'
import type { FetchedArtifact } from './source.js'
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

/** What is really there. Plain data, the same for the same world, so that it can be part of a plan's basis. */
export interface Observation {
  readonly host: string
  /** The name of the instance that serves, or null. */
  readonly serving: string | null
  readonly staged: readonly StagedRelease[]
  /** Differences from what is recorded. */
  readonly drift: readonly Drift[]
  /** Things worth telling: folders that are not ours, a stale temporary link. */
  readonly notices: readonly string[]
}

/** A claim on a place, held during a deployment so that nobody else deploys there. */
export interface Claim {
  release(): Promise<void>
}

export interface ClaimRequest {
  readonly deployment: string
  readonly by: string
  /** Releases about to be staged: room is looked for before anything is touched. */
  readonly incoming: readonly Release[]
}

/**
 * One service on one host. Every method is idempotent, and every inverse accepts that there is nothing to undo, or
 * only half. The optional verbs are those a strategy may ask for; `TargetDriver.verbs` says which there are.
 */
export interface Target {
  /** Looks only. `active` is the recorded instance, or null for none. */
  inspect(active: Instance | null, signal: AbortSignal): Promise<Observation>
  /**
   * Refuses what must not be started (not writable, `current` is a folder, disk too full, claimed by another), before
   * anything is touched; then claims the place until released. Throws DeployError.
   */
  claim(request: ClaimRequest, signal: AbortSignal): Promise<Claim>
  /** `obtain` brings the artifact; it must not be called when the release already lies there, whole. */
  stage(instance: Instance, obtain: () => Promise<FetchedArtifact>, context: OperationContext): Promise<void>
  discard(instance: Instance, context: OperationContext): Promise<void>
  start?(instance: Instance, context: OperationContext): Promise<void>
  stop?(instance: Instance, context: OperationContext): Promise<void>
  /** From one instance to another, both of this target, null for none. Atomic for those who use it. */
  route(from: Instance | null, to: Instance | null, context: OperationContext): Promise<void>
  /** Removes staged releases that are not in `keep`; answers what it removed. */
  prune(keep: readonly string[], context: OperationContext): Promise<readonly string[]>
  /** The folder of an instance's files, for hooks and checks that run beside them; null where there is none. */
  folderOf(instance: Instance): string | null
}

/** What changing an option takes: another place, a new release folder, a switch (restart), or nothing at all. */
export type OptionEffect = 'replace' | 'stage' | 'route' | 'none'

/** What is known of a kind of target without loading its code: for validation and for the planner. */
export interface TargetTraits {
  readonly type: string
  readonly schema: JsonSchema
  readonly verbs: readonly Verb[]
  /** For every option of the schema but `type`. */
  readonly effects: { readonly [option: string]: OptionEffect }
  /** Options whose change shapes the instance's name are those with effect `stage`. */
  readonly keepReleases: { readonly option: string; readonly default: number }
}

export interface TargetDriver extends TargetTraits {
  create(options: DriverSpec, ports: Ports): Target
}
