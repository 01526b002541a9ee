/** `deployctl restart SERVICE`: what runs is started anew, by the same path as apply. */
import type { CommandRun } from '../command.js'
import { openSession } from '../open-session.js'
import { freshFace, runDeployment } from '../run-deployment.js'

export const restart: CommandRun = async (context) => {
  const { words, signal } = context
  const [service = ''] = words
  const { useCases } = await openSession(context)
  return runDeployment(context, {
    ...freshFace,
    carryOut: (execution) => useCases.restart(service, execution, signal),
  })
}
