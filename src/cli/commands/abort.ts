/** `deployctl abort [DEPLOYMENT]`: ends a deployment that runs in another process, and undoes it. */
import type { CommandRun } from '../command.js'
import { flagsOf, openSession } from '../open-session.js'
import { exitCodeOfMark, markText } from '../view/mark-view.js'

export const abort: CommandRun = async (context) => {
  const { options, terminal, words, signal } = context
  const [deployment = null] = words
  const session = await openSession(context)
  const answer = await session.useCases.abort({ deployment, reason: options.reason }, signal)
  terminal.record('aborted', answer)
  const said = { done: 'is being undone', word: 'aborted' }
  terminal.out(markText(answer, said, terminal.style, session.now(), flagsOf(context)))
  return exitCodeOfMark(answer)
}
