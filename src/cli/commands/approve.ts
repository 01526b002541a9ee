/** `deployctl approve [WHAT]`: lets a deployment go on where it waits for a person, or the agent begin one. */
import { exitCodes } from '../../base/deploy-error.js'
import type { CommandRun } from '../command.js'
import { flagsOf, openSession } from '../open-session.js'
import { approvedText } from '../view/approved-view.js'
import { exitCodeOfMark, markText } from '../view/mark-view.js'

export const approve: CommandRun = async (context) => {
  const { options, terminal, words, signal } = context
  const [deployment = null] = words
  const session = await openSession(context)
  const { step, reason } = options
  const answer = await session.useCases.approve({ deployment, step, reason }, signal)
  if (answer.kind === 'changes') {
    // an agent elsewhere, or the next one here, finds the word when it looks
    const isHere = await session.agent.call('/api/v1/check', {}).catch(() => null)
    terminal.record('approved', { changes: answer.changes })
    terminal.out(
      approvedText(answer.changes, isHere !== null, terminal.style, session.now(), flagsOf(context)),
    )
    return exitCodes.done
  }
  const { kind: _, ...about } = answer
  terminal.record('approved', { ...about, step: answer.step.id })
  const said = { done: 'goes on', word: 'approved' }
  terminal.out(markText(answer, said, terminal.style, session.now(), flagsOf(context)))
  return exitCodeOfMark(answer)
}
