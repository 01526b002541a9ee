/** `deployctl doctor`: what of the hosts would stand in the way of a deployment. */
import { exitCodes } from '../../base/deploy-error.js'
import type { CommandRun } from '../command.js'
import { openSession } from '../open-session.js'
import { doctorText } from '../view/hosts-view.js'

export const doctor: CommandRun = async (context) => {
  const { terminal, signal, options } = context
  const { useCases } = await openSession(context)
  const found = await useCases.examineHosts({ hosts: options.host, limit: options.limitTo }, signal)
  for (const one of found) terminal.record('host', one)
  terminal.out(doctorText(found, terminal.style))
  const isWell = found.every(({ problem, troubles }) => problem === null && troubles.length === 0)
  return isWell ? exitCodes.done : exitCodes.error
}
