/** `deployctl freeze`: nothing is deployed by itself for a while. */
import { exitCodes } from '../../base/deploy-error.js'
import { showRecorded } from '../../base/moment.js'
import type { CommandRun } from '../command.js'
import { flagsOf, openSession } from '../open-session.js'

export const freeze: CommandRun = async (context) => {
  const { options, terminal } = context
  const session = await openSession(context)
  const { useCases, environment } = session
  const until = options.forMs === null ? null : new Date(session.now().getTime() + options.forMs)
  const frozen = await useCases.freeze(options.reason ?? '', until)
  terminal.record('frozen', { freeze: frozen })
  const lifted = `deployctl unfreeze${flagsOf(context)}`
  const end = frozen.until === null ? `until ${lifted}` : `until ${showRecorded(frozen.until)}, or ${lifted}`
  terminal.out(`${environment} is frozen ${end}. People may still deploy.`)
  return exitCodes.done
}
