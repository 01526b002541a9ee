/** `deployctl unfreeze`: agents may deploy again. */
import { exitCodes } from '../../base/deploy-error.js'
import type { CommandRun } from '../command.js'
import { openSession } from '../open-session.js'

export const unfreeze: CommandRun = async (context) => {
  const { useCases, environment } = await openSession(context)
  await useCases.unfreeze()
  context.terminal.record('unfrozen', { environment })
  context.terminal.out(`${environment} is no longer frozen.`)
  return exitCodes.done
}
