/** `recover` without a direction: says what there is and what either way would do, and asks where that is possible. */
import { DeployError } from '../base/deploy-error.js'
import { isUndoneWhole, statusesOf, unwindsOf, type JournalFile } from '../model/journal.js'
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
  const ways = waysOut(journal)
  terminal.record('unfinished', { deployment: id, ways: ways.map(({ direction }) => direction) })
  terminal.out(`${storyText({ record: null, journal }, terminal.style)}\n`)
  const flags = flagsOf(context)
  const proposals = ways.map(
    ({ direction, does }) => [`deployctl recover --${direction}${flags}`, does] as const,
  )
  terminal.out(nextLines(proposals, terminal.style))
  if (!terminal.canAsk) return null
  const names = ways.map(({ direction }) => direction)
  const answer = await ask(terminal, `\n${names.join(', ')} or neither? `, signal)
  const chosen = names.find((name) => name === answer)
  if (chosen === undefined) terminal.err('Nothing was changed.')
  return chosen ?? null
}

/** What is being undone can only be undone further; what else there is can be finished. */
function waysOut(
  journal: JournalFile | null,
): readonly { readonly direction: Direction; readonly does: string }[] {
  const unwind = { direction: 'unwind', does: 'undo everything that was begun' } as const
  if (journal === null) return [unwind]
  const { plan } = journal.header
  if (isUndoneWhole(journal)) return [unwind]
  const applied = [...statusesOf(journal.entries).values()].filter((status) => status === 'applied').length
  const does =
    unwindsOf(journal).length === 0
      ? `carry on: ${applied} of ${plan.steps.length} steps are done`
      : 'carry on with what is not being undone'
  return [{ direction: 'resume', does }, unwind]
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
