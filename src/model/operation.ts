/**
 * The closed set of things the engine may do to the world, as data.
 *
 * Each verb has its inverse in the same set, so that a plan prints its own rollback and another process can carry
 * it out. A new verb is a type error wherever it has to be handled, and nowhere else.
 */
import type { Become } from './become.js'
import type { InstanceId } from './instance.js'
import type { Command, HookMoment } from './spec.js'

export type Operation =
  /** Put a release where it will run; nothing serves yet. Inverse: discard. */
  | { readonly verb: 'stage'; readonly instance: InstanceId }
  | { readonly verb: 'discard'; readonly instance: InstanceId }
  /** Run instances of a staged release, side by side, all on one host. Inverse: stop, gracefully. */
  | { readonly verb: 'start'; readonly instances: readonly InstanceId[] }
  | { readonly verb: 'stop'; readonly instances: readonly InstanceId[] }
  /** Move traffic on one host, atomically; an empty list is "nothing serves". Inverse: the same with both ends swapped. */
  | {
      readonly verb: 'route'
      readonly from: readonly Share[]
      readonly to: readonly Share[]
      /** Then waits until those that lost their traffic are idle, at most so long: a way back has no step that drains. */
      readonly drainMs?: number
    }
  /** Wait until instances that lost their traffic are idle, or the deadline has passed. Inverse: nothing. */
  | { readonly verb: 'drain'; readonly instances: readonly InstanceId[]; readonly deadlineMs: number }
  /** Wait until the instances answer their health checks. Inverse: nothing. */
  | {
      readonly verb: 'check'
      readonly instances: readonly InstanceId[]
      /** Instead of the deadline of each check, where a strategy has one. */
      readonly deadlineMs?: number
    }
  /** See that the instances stay healthy and do not end for a while. Inverse: nothing. */
  | { readonly verb: 'watch'; readonly instances: readonly InstanceId[]; readonly forMs: number }
  /** Wait for a person's approval, and watch the instances meanwhile as `watch` does. Inverse: nothing. */
  | { readonly verb: 'pause'; readonly instances: readonly InstanceId[]; readonly deadlineMs: number }
  /** Wait, and nothing else. Inverse: nothing. */
  | { readonly verb: 'wait'; readonly forMs: number }
  /** Run the user's command. Inverse: declared by the user. */
  | HookOperation
  /** Remove what retention no longer keeps. Irreversible by nature: always last, never fails a deployment. */
  | { readonly verb: 'prune'; readonly instance: InstanceId; readonly keep: readonly string[] }

/** An instance's part of the traffic of its service on its host; parts are relative to one another. */
export interface Share {
  readonly instance: InstanceId
  readonly weight: number
}

export interface HookOperation {
  readonly verb: 'hook'
  readonly hook: string
  readonly moment: HookMoment
  /** True for the command that undoes the hook. */
  readonly undo: boolean
  readonly command: Command
  readonly directory: 'project' | 'release'
  /** The host that it is about; absent where that is this machine. */
  readonly host?: string
  /** Whether it runs there; absent where it runs on this machine. */
  readonly at?: 'host'
  /** As whom it runs, by sudo. */
  readonly become?: Become
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
