/** `recover` without a direction: says what there is and what either way would do, and asks where that is possible. */
import { DeployError } from '../base/deploy-error.js'
import { statusesOf, unwindOf, type JournalFile } from '../model/journal.js'
import type { LockHolder } from '../model/state-store.js'
import { ask } from './ask.js'
import type { CommandContext } from './command.js'
import { flagsOf } from './open-session.js'
import { nextLines } from './view/next-lines.js'
import { storyText } from './view/story-view.js'

export type Direction = 'resume' | 'unwind'

/** Null: nobody could be asked, or the person chose neither. */
export async function chooseDirection(
  context: CommandContext,
  id: string,
  journal: JournalFile | null,
  holder: LockHolder | null,
): Promise<Direction | null> {
  const { terminal, signal } = context
  if (holder !== null && holder.liveness !== 'dead') throw underWay(id, holder)
  const unwinding = journal !== null && unwindOf(journal) !== undefined
  const applied = [...statusesOf(journal?.entries ?? []).values()].filter(
    (status) => status === 'applied',
  ).length
  const total = journal?.header.plan.steps.length ?? 0
  terminal.record('unfinished', { deployment: id, unwinding, applied, steps: total })
  terminal.out(`${storyText({ record: null, journal }, terminal.style)}\n`)
  terminal.out(
    nextLines(
      [
        [
          `deployctl recover --resume${flagsOf(context)}`,
          unwinding
            ? 'carry on with what is not being undone'
            : `carry on: ${applied} of ${total} steps are done`,
        ],
        [`deployctl recover --unwind${flagsOf(context)}`, 'undo everything that was begun'],
      ],
      terminal.style,
    ),
  )
  if (!terminal.canAsk) return null
  const answer = await ask(terminal, '\nresume, unwind, or neither? ', signal)
  if (answer === 'resume' || answer === 'unwind') return answer
  terminal.err('Neither; nothing was changed.')
  return null
}

function underWay(id: string, { by, pid, host }: LockHolder): DeployError {
  return new DeployError(
    'LOCKED',
    `Deployment ${id} is under way: ${by} runs it (process ${pid} on ${host}).`,
    {
      hint: 'wait until it has ended; `deployctl status` shows it',
    },
  )
}
