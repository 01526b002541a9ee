/** `deployctl completion SHELL`: a completion script, made from the command table. */
import { exitCodes } from '../../base/deploy-error.js'
import type { CommandRun } from '../command.js'
import { completionScript } from '../completion/completion-script.js'

export const completion: CommandRun = ({ terminal, words, commands }) => {
  const [shell = ''] = words
  const script = completionScript(shell, commands)
  terminal.record('completion', { shell, script })
  terminal.out(script)
  return Promise.resolve(exitCodes.done)
}
