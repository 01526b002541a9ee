/** `deployctl status`: what serves, and whether it is as recorded. */
import { exitCodes } from '../../base/deploy-error.js'
import type { CommandRun } from '../command.js'
import { flagsOf, openSession } from '../open-session.js'
import { statusText } from '../view/status-view.js'

export const status: CommandRun = async (context) => {
  const { terminal, signal } = context
  const session = await openSession(context)
  const report = await session.useCases.showStatus(signal)
  terminal.record('status', report)
  terminal.out(statusText(report, terminal.style, session.now(), flagsOf(context)))
  return exitCodes.done
}
