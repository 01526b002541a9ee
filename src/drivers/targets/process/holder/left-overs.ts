/**
 * What a holder that was killed has left running. It goes on serving until somebody needs the sockets it has: those cannot
 * be had from it, so it is asked to end then.
 */
import { isAlive } from '../../../system/process-identity.js'
import { endLeftOver } from '../../../system/start-worker.js'

export interface LeftOver {
  readonly name: string
  readonly pid: number
  readonly startedAt: string
}

export interface LeftOvers {
  end(withinMs: number): Promise<void>
  endThoseOf(name: string): Promise<void>
  all(): readonly LeftOver[]
}

export function createLeftOvers(known: readonly LeftOver[], onChange: () => void): LeftOvers {
  let left = known
  const endSome = async (some: readonly LeftOver[], withinMs: number): Promise<void> => {
    if (some.length === 0) return
    await Promise.all(
      some.map(async ({ pid, startedAt }) => {
        if (await isAlive(pid, startedAt)) await endLeftOver(pid, withinMs)
      }),
    )
    left = left.filter((one) => !some.includes(one))
    onChange()
  }
  return {
    end: (withinMs) => endSome(left, withinMs),
    endThoseOf: (name) =>
      endSome(
        left.filter((one) => one.name === name),
        ownTimeMs,
      ),
    all: () => left,
  }
}

/** What its target says of that is not known here any more. */
const ownTimeMs = 30_000

export async function aliveOnes(known: readonly LeftOver[]): Promise<readonly LeftOver[]> {
  const alive: LeftOver[] = []
  for (const one of known) if (await isAlive(one.pid, one.startedAt)) alive.push(one)
  return alive
}
