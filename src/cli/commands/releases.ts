/** `deployctl releases [SERVICE]`: the releases there are. */
import { exitCodes } from '../../base/deploy-error.js'
import type { CommandRun } from '../command.js'
import { openSession } from '../open-session.js'
import { releasesText } from '../view/releases-view.js'

export const releases: CommandRun = async (context) => {
  const { terminal, words, signal } = context
  const session = await openSession(context)
  const report = await session.useCases.listReleases(words, signal)
  terminal.record('releases', report)
  terminal.out(releasesText(report, terminal.style, session.now()))
  return exitCodes.done
}
