/** `deployctl unlock ID`: removes a lock whose holder is gone. */
import { exitCodes } from '../../base/deploy-error.js'
import type { CommandRun } from '../command.js'
import { openSession } from '../open-session.js'
import { ago } from '../view/relative-time.js'

export const unlock: CommandRun = async (context) => {
  const { terminal, words } = context
  const [id = ''] = words
  const session = await openSession(context)
  const holder = await session.useCases.unlock(id)
  terminal.record('unlocked', { holder })
  const since = ago(holder.created, session.now())
  terminal.out(`Removed lock ${holder.id}: ${holder.by} had it (${holder.operation}) since ${since}.`)
  return exitCodes.done
}
