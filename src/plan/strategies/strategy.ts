/**
 * The contract of a strategy: a pure function from a service's move on one host to an ordered list of operations with
 * reverts.
 *
 * A strategy knows nothing of targets but the verbs they have, and nothing of hooks: the planner puts those in.
 */
import type { JsonSchema } from '../../model/schema.js'
import type { Instance } from '../../model/instance.js'
import type { Operation, Revert, Verb } from '../../model/operation.js'
import type { Step } from '../../model/plan.js'
import type { StrategySpec } from '../../model/spec.js'

/** What a change means on one host: who serves, who should, and what has to come and go for it. Ordered by copy. */
export interface HostMove {
  readonly host: string
  readonly before: readonly Instance[]
  readonly after: readonly Instance[]
  /** To be started: what should serve and does not run yet. */
  readonly fresh: readonly Instance[]
  /** Served until now and should not any more. */
  readonly gone: readonly Instance[]
  /** Runs without traffic since an earlier deployment, and should not any more. */
  readonly lapsed: readonly Instance[]
}

/** What holds for one service's change on all of its hosts. */
export interface Move {
  readonly verbs: ReadonlySet<Verb>
  readonly hasChecks: (instance: Instance) => boolean
  /** A rollback goes the shortest way: it keeps nothing warm and takes no small steps. */
  readonly isRollback: boolean
}

/** A step before it has an id, a title and its place in the graph; each follows the one before it. */
export interface Draft {
  readonly host: string
  readonly apply: Operation
  readonly revert: Revert
  readonly progress?: Step['progress']
}

/** What happens on one host; how the hosts follow one another is the planner's (waves.ts). */
export type Strategy = (here: HostMove, move: Move, options: StrategySpec) => readonly Draft[]

/** What is known of a kind of strategy. */
export interface StrategyTraits {
  readonly plan: Strategy
  readonly schema: JsonSchema
  /** The verbs a target must have for it. */
  readonly verbs: readonly ('stage' | 'route' | 'start' | 'stop')[]
  /** Whether it gives instances unequal parts of the traffic. */
  readonly weights: boolean
}
