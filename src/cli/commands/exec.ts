/** `deployctl exec SERVICE -- COMMAND`: a command in a container of the service; exits as it does. */
import { exitCodes, type ExitCode } from '../../base/deploy-error.js'
import type { CommandRun } from '../command.js'
import { copyLines } from '../copy-lines.js'
import { openSession } from '../open-session.js'

export const exec: CommandRun = async (context) => {
  const { terminal, words, options, signal } = context
  const [service = '', line = '', ...rest] = words
  const command = rest.length === 0 ? { shell: line } : { run: [line, ...rest] }
  const { useCases } = await openSession(context)
  const ran = await useCases.execInside({ service, copy: options.copy, command }, copyLines(context), signal)
  terminal.record('ran', ran)
  // the command's own, whatever it is: a script that asks wants to know that
  return ran.exitCode === null ? exitCodes.error : (ran.exitCode as ExitCode)
}
