/** The board in its lease: read, and changed by reading, changing and writing until nobody came in between. */
import { DeployError } from '../../../base/deploy-error.js'
import type { Clock } from '../../../model/clock.js'
import type { Lease } from '../../../model/lease.js'
import { emptyBoard, parseBoard, writeBoard, type Board } from './board.js'

export interface SharedBoard {
  read(signal: AbortSignal): Promise<Board>
  /** Answers the board as it is then. `change` is asked again whenever somebody was quicker; null leaves it as it is. */
  change(change: (board: Board) => Board | null, signal: AbortSignal): Promise<Board>
}

const mostTries = 40

export function sharedBoard(lease: Lease, clock: Clock, random: () => number): SharedBoard {
  const readMarked = async (signal: AbortSignal): Promise<{ board: Board; mark: string | null }> => {
    const found = await lease.read(signal)
    return found === null
      ? { board: emptyBoard, mark: null }
      : { board: parseBoard(found.text), mark: found.mark }
  }
  return {
    read: async (signal) => (await readMarked(signal)).board,
    async change(change, signal) {
      for (let tries = 0; tries < mostTries; tries++) {
        signal.throwIfAborted()
        const { board, mark } = await readMarked(signal)
        const next = change(board)
        if (next === null || next === board) return board
        if (await lease.writeIf(mark, writeBoard(next), signal)) return next
        await clock.sleep(5 + random() * Math.min(20 * 2 ** tries, 1000), signal)
      }
      throw new DeployError('LOCKED', 'the lease of the agents is changed by others all the time', {
        hint: 'Look at what else writes there; the next poll tries again.',
      })
    },
  }
}
