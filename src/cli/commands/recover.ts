/** `deployctl recover`: finishes or undoes a deployment that was interrupted. */
import { exitCodes } from '../../base/deploy-error.js'
import { statusesOf } from '../../model/journal.js'
import type { CommandRun } from '../command.js'
import { openSession } from '../open-session.js'
import { chooseDirection } from '../choose-direction.js'
import { runDeployment } from '../run-deployment.js'

export const recover: CommandRun = async (context) => {
  const { options, signal, terminal } = context
  const { useCases } = await openSession(context)
  const { unfinished, lock } = await useCases.showStatus(signal)
  const [id] = unfinished
  if (id === undefined) {
    terminal.record('result', { kind: 'nothing', exitCode: exitCodes.done })
    terminal.out('There is nothing to recover: every deployment came to its end.')
    return exitCodes.done
  }
  const { journal } = await useCases.showDeployment(id)
  const named = options.resume ? 'resume' : options.unwind ? 'unwind' : null
  const direction = named ?? (await chooseDirection(context, id, journal, lock))
  if (direction === null) return terminal.canAsk ? exitCodes.declined : exitCodes.stuck
  return runDeployment(context, {
    asks: false,
    showsPlan: false,
    earlier: statusesOf(journal?.entries ?? []),
    unwindWanted: direction === 'unwind',
    carryOut: (execution) => useCases.recover(direction, execution, signal),
  })
}
