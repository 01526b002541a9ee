/**
 * What the agents of several hosts write for each other into their lease: who deploys now, what canaries run well, and
 * which releases are held where. Plain data and its text; the laws of it are in board-laws.ts.
 */
import { DeployError } from '../../../base/deploy-error.js'

/** The right to deploy, of which there are only so many at once. */
export interface Slot {
  readonly host: string
  /** Never given twice: whoever no longer finds his own has lost the slot. */
  readonly token: string
  /** Another one with each sign of life. Nobody compares clocks: a slot is dead when others see the same beat for too long. */
  readonly beat: number
  readonly expiryMs: number
  /** ISO 8601, by the clock of its host; for people. */
  readonly since: string
  readonly services: readonly string[]
}

/** What one host tells the others. */
export interface HostWord {
  /** ISO 8601, by its own clock; for people. */
  readonly at: string
  /** Digests by service, newest first: releases that served well here, for as long as canaries have to. */
  readonly well: { readonly [service: string]: readonly string[] }
  /** Digests by service: releases that failed here, or that somebody took back. */
  readonly held: { readonly [service: string]: readonly string[] }
}

export interface Board {
  readonly type: 'deployctl-waves'
  readonly format: 1
  readonly slots: readonly Slot[]
  readonly hosts: { readonly [host: string]: HostWord }
}

export const emptyBoard: Board = { type: 'deployctl-waves', format: 1, slots: [], hosts: {} }

export function writeBoard(board: Board): string {
  return `${JSON.stringify(board, null, 1)}\n`
}

export function parseBoard(text: string): Board {
  try {
    const board = JSON.parse(text) as Partial<Board> | null // whatever it is, it is looked at
    const isOurs = board?.type === 'deployctl-waves' && board.format === 1
    // only writeBoard writes such a text
    if (isOurs && Array.isArray(board.slots) && typeof board.hosts === 'object') return board as Board
  } catch {
    // told below
  }
  throw new DeployError('STATE_CORRUPT', 'what stands in the lease of the agents is not of this deployctl', {
    hint: 'Check agent.waves.lease; use one version of deployctl on all hosts, or remove what stands there while nothing is deployed.',
  })
}
