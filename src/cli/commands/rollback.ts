/** `deployctl rollback`: back to an earlier release, by the same path as apply. */
import type { CommandRun } from '../command.js'
import { parseVersion } from '../../model/release.js'
import { openSession } from '../open-session.js'
import { freshFace, runDeployment } from '../run-deployment.js'

export const rollback: CommandRun = async (context) => {
  const { options, signal } = context
  const { useCases } = await openSession(context)
  const to = options.to === null ? null : parseVersion(options.to)
  const request = { services: options.service, to }
  return runDeployment(context, {
    ...freshFace,
    carryOut: (execution) => useCases.rollBack(request, execution, signal),
  })
}
