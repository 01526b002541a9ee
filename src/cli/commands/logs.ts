/** `deployctl logs SERVICE`: what its containers say, by copy. */
import { exitCodes } from '../../base/deploy-error.js'
import type { CommandRun } from '../command.js'
import { copyLines } from '../copy-lines.js'
import { openSession } from '../open-session.js'

export const logs: CommandRun = async (context) => {
  const { words, options, signal } = context
  const [service = ''] = words
  const { copy, tail, follow } = options
  try {
    const { useCases } = await openSession(context)
    await useCases.showLogs({ service, copy, lastLines: tail, follow }, copyLines(context), signal)
  } catch (error) {
    // being told to end is how following ends, however far it has come
    if (!follow || !signal.aborted) throw error
  }
  return exitCodes.done
}
