/**
 * The contract of a strategy: a pure function from one service's move to an ordered list of operations with reverts.
 *
 * A strategy knows nothing of targets but the verbs they have, and nothing of hooks: the planner puts those in.
 */
import type { Instance } from '../../model/instance.js'
import type { Operation, Revert, Verb } from '../../model/operation.js'

/** One service's way from the instances that serve to those that should. Both lists are ordered by host. */
export interface Move {
  readonly before: readonly Instance[]
  readonly after: readonly Instance[]
  readonly verbs: ReadonlySet<Verb>
  readonly hasChecks: (instance: Instance) => boolean
}

/** A step before it has an id, a title and its place in the graph; each follows the one before it. */
export interface Draft {
  readonly host: string
  readonly apply: Operation
  readonly revert: Revert
}

export type Strategy = (move: Move) => readonly Draft[]
