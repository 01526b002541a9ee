/** When a worker that has ended is started again, when a generation is given up, and how it is said. Pure. */
import { formatDuration } from '../../../../base/duration.js'
import type { StandIn } from './protocol.js'

const firstPauseMs = 200
const longestPauseMs = 30_000

/** Ever longer; with some chance in it, so that many workers do not start at one moment. `chance` is from 0 to 1. */
export function backOffMs(crashes: number, chance: number): number {
  const pauseMs = Math.min(firstPauseMs * 2 ** Math.max(crashes - 1, 0), longestPauseMs)
  return pauseMs * (0.5 + chance / 2)
}

/** Those that still count. */
export function crashesWithin(
  crashes: readonly number[],
  nowMs: number,
  withinMs: number,
): readonly number[] {
  return crashes.filter((atMs) => nowMs - atMs < withinMs)
}

export function sayEnd(
  how: { readonly exitCode: number | null; readonly signal: string | null; readonly error: string | null },
  aliveMs: number,
): string {
  if (how.error !== null) return `it could not be started: ${how.error}`
  const end = how.signal === null ? `it exited with code ${how.exitCode ?? 0}` : `${how.signal} ended it`
  return `${end}, ${formatDuration(Math.round(aliveMs / 100) * 100)} after its start`
}

/** Without how long it lived: what is seen of a world that stays the same is to stay the same. */
export function sayGivenUp(times: number, withinMs: number, how: string): string {
  return `it ended ${times} times within ${formatDuration(withinMs)}; at last, ${how.replace(/, [^,]* after its start$/, '')}`
}

export function sayStandIn({ name, by, reason }: StandIn): string {
  return `${name} was given up: ${reason}. ${by}, which served before it, serves again.`
}

export const standInHint =
  'deployctl rollback records that; a newer release takes its place. It is not started again by itself.'

/** Releases that are kept to fall back to. */
export const mostGood = 3
