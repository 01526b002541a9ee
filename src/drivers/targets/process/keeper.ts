/**
 * What keeps a service's sockets and its app up between deployments: a holder of deployctl's own, or systemd. Both do what
 * they are asked in the same words, so that the verbs of the target (run.ts) and its looks (inspect.ts) are written once.
 */
import type { LeftOver } from './holder/left-overs.js'
import type { Ask, HolderStatus } from './holder/protocol.js'

export type Keeping = Pick<HolderStatus, 'generations' | 'standIn'>

/** What there is, by looking only. */
export type Sight =
  | { readonly kind: 'there'; readonly status: Keeping }
  /** A holder that was killed; what it left running goes on. */
  | { readonly kind: 'dead'; readonly left: readonly LeftOver[] }
  | { readonly kind: 'none' }

export interface Keeper {
  /** Refuses what this machine lacks, before anything is touched. */
  refuseUnfit(signal: AbortSignal): Promise<void>
  look(signal: AbortSignal): Promise<Sight>
  /** Resolves when it is done. */
  ask(ask: Ask, withinMs: number, signal: AbortSignal): Promise<void>
  /** The same, where there is something to ask. */
  askIfThere(ask: Ask, withinMs: number, signal: AbortSignal): Promise<void>
}
