/** `deployctl history`: the deployments of an environment, newest first. */
import { exitCodes } from '../../base/deploy-error.js'
import type { CommandRun } from '../command.js'
import { openSession } from '../open-session.js'
import { historyText } from '../view/history-view.js'

export const history: CommandRun = async (context) => {
  const { options, terminal } = context
  const session = await openSession(context)
  const records = await session.useCases.showHistory(options.limit)
  for (const { type: _, ...record } of records) terminal.record('deployment', record)
  if (records.length === 0) terminal.record('empty', {})
  terminal.out(historyText(records, terminal.style, session.now()))
  return exitCodes.done
}
