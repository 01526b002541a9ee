/**
 * The contract of a strategy: a pure function from one service's move to an ordered list of operations with reverts.
 *
 * A strategy knows nothing of targets but the verbs they have, and nothing of hooks: the planner puts those in.
 */
import type { JsonSchema } from '../../model/schema.js'
import type { Instance } from '../../model/instance.js'
import type { Operation, Revert, Verb } from '../../model/operation.js'
import type { Step } from '../../model/plan.js'
import type { StrategySpec } from '../../model/spec.js'

/** One service's way from the instances that serve to those that should. Both lists are ordered by host and copy. */
export interface Move {
  readonly before: readonly Instance[]
  readonly after: readonly Instance[]
  /** Copies of earlier releases that still run without traffic, kept warm; those not in `after` go. */
  readonly warm: readonly Instance[]
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

export type Strategy = (move: Move, options: StrategySpec) => readonly Draft[]

/** What is known of a kind of strategy. */
export interface StrategyTraits {
  readonly plan: Strategy
  readonly schema: JsonSchema
  /** The verbs a target must have for it. */
  readonly verbs: readonly ('stage' | 'route' | 'start' | 'stop')[]
  /** Whether it gives instances unequal parts of the traffic. */
  readonly weights: boolean
}
