/** `deployctl unhold SERVICE [VERSION]`: lets held releases be deployed again. */
import { exitCodes } from '../../base/deploy-error.js'
import { showVersion } from '../../model/release.js'
import type { CommandRun } from '../command.js'
import { openSession } from '../open-session.js'

export const unhold: CommandRun = async (context) => {
  const { terminal, words } = context
  const [service = '', version = null] = words
  const { useCases } = await openSession(context)
  const lifted = await useCases.unhold(service, version)
  terminal.record('unheld', { service, holds: lifted })
  const versions = [...new Set(lifted.map((one) => showVersion(one.version)))].join(', ')
  terminal.out(`${service} ${versions} may be deployed again.`)
  return exitCodes.done
}
