/** `deployctl recover`: finishes or undoes a deployment that was interrupted. */
import { DeployError, exitCodes } from '../../base/deploy-error.js'
import { statusesOf } from '../../model/journal.js'
import type { CommandRun } from '../command.js'
import { openSession } from '../open-session.js'
import { chooseDirection } from '../choose-direction.js'
import { runDeployment } from '../run-deployment.js'

export const recover: CommandRun = async (context) => {
  const { options, signal } = context
  const { useCases } = await openSession(context)
  const { unfinished, lock } = await useCases.showStatus(signal)
  const [id] = unfinished
  if (id === undefined)
    throw new DeployError(
      'NOTHING_TO_RECOVER',
      'There is nothing to recover: every deployment came to its end.',
    )
  const { journal } = await useCases.showDeployment(id)
  const named = options.resume ? 'resume' : options.unwind ? 'unwind' : null
  const direction = named ?? (await chooseDirection(context, id, journal, lock))
  if (direction === null) return context.terminal.canAsk ? exitCodes.declined : exitCodes.stuck
  return runDeployment(context, {
    asks: false,
    showsPlan: false,
    earlier: statusesOf(journal?.entries ?? []),
    unwindWanted: direction === 'unwind',
    carryOut: (execution) => useCases.recover(direction, execution, signal),
  })
}
