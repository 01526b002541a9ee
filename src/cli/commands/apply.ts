/** `deployctl apply [FILE]`: carries out the plan, or exactly the saved one. */
import { DeployError, exitCodes } from '../../base/deploy-error.js'
import type { CommandRun } from '../command.js'
import { onlyHosts } from '../only-hosts.js'
import { openSession } from '../open-session.js'
import { freshFace, runDeployment } from '../run-deployment.js'
import { undoCanary } from '../undo-canary.js'
import { readUserFile } from '../user-files.js'

export const apply: CommandRun = async (context) => {
  const { options, services, signal, words } = context
  const [file] = words
  const chosen = [
    ...(options.service.length > 0 ? ['--service'] : []),
    ...(options.host.length > 0 ? ['--host'] : []),
    ...(options.limitTo.length > 0 ? ['--limit'] : []),
  ]
  if (file !== undefined && chosen.length > 0) {
    throw new DeployError(
      'USAGE',
      `A saved plan is applied as it is; ${chosen.join(', ')} does not go with it.`,
      {
        hint: `choose when the plan is made: deployctl plan ${chosen[0]} NAME --out FILE`,
      },
    )
  }
  const saved = file === undefined ? null : await readUserFile(services.workingDirectory, file)
  const session = await openSession(context)
  const { useCases } = session
  const undone = await undoCanary(context, useCases, session.now())
  if (undone !== exitCodes.done) return undone
  return runDeployment(context, {
    ...freshFace,
    asks: saved === null,
    carryOut: (execution) =>
      saved === null
        ? useCases.deploy({ services: options.service, ...onlyHosts(options) }, execution, signal)
        : useCases.deploySaved(saved, execution, signal),
  })
}
