/** The laws of the board: who may begin, and how each change of it looks. Pure. */
import { showVersion } from '../../../model/release.js'
import type { Board, HostWord, Slot } from './board.js'

/** What a host wants to deploy; no digest where it takes a service away. */
export interface Wish {
  readonly service: string
  readonly version: string | null
  readonly digest: string | null
}

export interface WaveRules {
  /** This one. */
  readonly host: string
  /** Hosts that go first. */
  readonly canaries: readonly string[]
  readonly maxParallel: number
}

/** Why this release may not begin here yet, whoever deploys at the moment; null when it may. */
export function waitsFor(board: Board, wish: Wish, { host, canaries }: WaveRules): string | null {
  const { digest, service } = wish
  if (digest === null) return null
  const name = `${service} ${showVersion(wish.version ?? '')}`
  const others = Object.entries(board.hosts).filter(([other]) => other !== host)
  const holding = others.filter(([, word]) => word.held[service]?.includes(digest)).map(([other]) => other)
  if (holding.length > 0) return `${name} is held on ${listed(holding)}`
  if (canaries.includes(host)) return null
  const missing = canaries.filter((canary) => !board.hosts[canary]?.well[service]?.includes(digest))
  return missing.length === 0 ? null : `${name} has to be well on ${listed(missing)} first`
}

/** Why nobody may begin at all now; null when a slot is free. A slot that this host left behind is its own. */
export function crowdedBy(
  board: Board,
  { host, maxParallel }: WaveRules,
  isDead: (slot: Slot) => boolean,
): string | null {
  const deploying = board.slots.filter((slot) => slot.host !== host && !isDead(slot))
  if (deploying.length < maxParallel) return null
  return `${listed(deploying.map((slot) => slot.host))} deploy${deploying.length === 1 ? 's' : ''} now, and no more than ${maxParallel} may at once`
}

/** With the slot taken; those of the dead, and what this host left behind, are cleared away. */
export function withSlot(board: Board, own: Slot, isDead: (slot: Slot) => boolean): Board {
  const living = board.slots.filter((slot) => slot.host !== own.host && !isDead(slot))
  return { ...board, slots: [...living, own] }
}

export function hasSlot(board: Board, token: string): boolean {
  return board.slots.some((slot) => slot.token === token)
}

/** Null when the slot is gone: somebody took its holder for dead. */
export function withBeat(board: Board, token: string): Board | null {
  if (!hasSlot(board, token)) return null
  const beaten = (slot: Slot): Slot => (slot.token === token ? { ...slot, beat: slot.beat + 1 } : slot)
  return { ...board, slots: board.slots.map(beaten) }
}

export function withoutSlot(board: Board, token: string): Board {
  return { ...board, slots: board.slots.filter((slot) => slot.token !== token) }
}

/** A host with nothing to say is not on the board. */
export function withWord(board: Board, host: string, word: HostWord): Board {
  const { [host]: _, ...others } = board.hosts
  const isSilent = Object.keys(word.well).length + Object.keys(word.held).length === 0
  return { ...board, hosts: isSilent ? others : { ...others, [host]: word } }
}

function listed(hosts: readonly string[]): string {
  const shown = hosts.slice(0, 5)
  const [last = ''] = shown.slice(-1)
  if (hosts.length > shown.length) return `${shown.join(', ')} and ${hosts.length - shown.length} more`
  return shown.length < 2 ? last : `${shown.slice(0, -1).join(', ')} and ${last}`
}
