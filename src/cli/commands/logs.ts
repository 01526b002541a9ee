/** `deployctl logs SERVICE`: what its containers say, by copy. */
import { exitCodes } from '../../base/deploy-error.js'
import type { CommandRun } from '../command.js'
import { copyLines } from '../copy-lines.js'
import { openSession } from '../open-session.js'

export const logs: CommandRun = async (context) => {
  const { words, options, signal } = context
  const [service = ''] = words
  const { copy, tail, follow } = options
  const { useCases } = await openSession(context)
  await useCases.showLogs({ service, copy, lastLines: tail, follow }, copyLines(context), signal)
  return exitCodes.done
}
