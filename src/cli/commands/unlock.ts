/** `deployctl unlock ID`: removes a lock, or claims, whose holder is gone. */
import { exitCodes } from '../../base/deploy-error.js'
import type { CommandRun } from '../command.js'
import { openSession } from '../open-session.js'
import { unlockText } from '../view/unlock-view.js'

export const unlock: CommandRun = async (context) => {
  const { terminal, words, signal } = context
  const [id = ''] = words
  const session = await openSession(context)
  const unlocked = await session.useCases.unlock(id, signal)
  terminal.record('unlocked', { holder: unlocked.lock, claims: unlocked.claims, problems: unlocked.problems })
  terminal.out(unlockText(unlocked, id, session.now(), terminal.style))
  return unlocked.problems.length === 0 ? exitCodes.done : exitCodes.error
}
