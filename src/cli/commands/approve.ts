/** `deployctl approve [DEPLOYMENT]`: lets a deployment go on where it waits for a person. */
import type { CommandRun } from '../command.js'
import { flagsOf, openSession } from '../open-session.js'
import { exitCodeOfMark, markText } from '../view/mark-view.js'

export const approve: CommandRun = async (context) => {
  const { options, terminal, words, signal } = context
  const [deployment = null] = words
  const session = await openSession(context)
  const { step, reason } = options
  const answer = await session.useCases.approve({ deployment, step, reason }, signal)
  terminal.record('approved', { ...answer, step: answer.step.id })
  const said = { done: 'goes on', word: 'approved' }
  terminal.out(markText(answer, said, terminal.style, session.now(), flagsOf(context)))
  return exitCodeOfMark(answer)
}
