/** Completion scripts, one writer per shell, all from the command table. */
import { DeployError } from '../../base/deploy-error.js'
import type { CommandSpec } from '../command.js'
import { bashScript } from './bash-script.js'
import { fishScript } from './fish-script.js'
import { zshScript } from './zsh-script.js'

const writers: { readonly [shell: string]: (commands: readonly CommandSpec[]) => string } = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
}

export function completionScript(shell: string, commands: readonly CommandSpec[]): string {
  const write = writers[shell]
  if (write === undefined) throw new DeployError('USAGE', `There is no completion for ${shell}.`)
  return write(commands)
}
