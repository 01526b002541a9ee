/**
 * The closed set of things the engine may do to the world, as data.
 *
 * Each verb has its inverse in the same set, so that a plan prints its own rollback and another process can carry
 * it out. A new verb is a type error wherever it has to be handled, and nowhere else.
 */
import type { InstanceId } from './instance.js'
import type { Command, HookMoment } from './spec.js'

export type Operation =
  /** Put a release where it will run; nothing serves yet. Inverse: discard. */
  | { readonly verb: 'stage'; readonly instance: InstanceId }
  | { readonly verb: 'discard'; readonly instance: InstanceId }
  /** Run an instance of a staged release. Inverse: stop, gracefully. */
  | { readonly verb: 'start'; readonly instance: InstanceId }
  | { readonly verb: 'stop'; readonly instance: InstanceId }
  /** Move traffic, atomically; null is "nothing serves". Inverse: the same with both ends swapped. */
  | { readonly verb: 'route'; readonly from: InstanceId | null; readonly to: InstanceId | null }
  /** Wait until the instance answers its health checks. Inverse: nothing. */
  | { readonly verb: 'check'; readonly instance: InstanceId }
  /** Run the user's command. Inverse: declared by the user. */
  | HookOperation
  /** Remove what retention no longer keeps. Irreversible by nature: always last, never fails a deployment. */
  | { readonly verb: 'prune'; readonly instance: InstanceId; readonly keep: readonly string[] }

export interface HookOperation {
  readonly verb: 'hook'
  readonly hook: string
  readonly moment: HookMoment
  /** True for the command that undoes the hook. */
  readonly undo: boolean
  readonly command: Command
  readonly directory: 'project' | 'release'
  readonly env: { readonly [name: string]: string }
  readonly service: string | null
  /** The instance being deployed and the one it replaces, where the hook belongs to a service. */
  readonly instance: InstanceId | null
  readonly previous: InstanceId | null
}

export type Verb = Operation['verb']
export type OperationOf<V extends Verb> = Extract<Operation, { readonly verb: V }>

/** There is nothing to undo; `because` says so to the reader of the plan where it is not plain. */
export interface Nothing {
  readonly nothing: true
  readonly because?: string
}
/** It cannot be undone, and why. */
export interface Irreversible {
  readonly irreversible: string
}
export type Revert = Operation | Nothing | Irreversible

export function isOperation(revert: Revert): revert is Operation {
  return 'verb' in revert
}
