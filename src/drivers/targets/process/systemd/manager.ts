/** The systemd that a place's units belong to: that of the machine where root deploys, else the user's own. */
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { DeployError } from '../../../../base/deploy-error.js'
import type { Ports } from '../../../../model/ports.js'
import type { CommandResult } from '../../../../model/shell.js'
import { userId } from '../../../system/machine.js'
import { ownManager } from '../../directory/restart-command.js'

const patienceMs = 60_000

export interface Manager {
  readonly unitFolder: string
  /** What is linked from here starts with the machine, or with the user’s manager. */
  readonly wantsFolder: string
  /** As a script writes it. */
  readonly systemctlText: string
  /** How journalctl is told whose units are meant. */
  readonly journalWords: readonly string[]
  refuseMissing(signal: AbortSignal): Promise<void>
  /** Throws DeployError COMMAND_FAILED with what it said. */
  systemctl(words: readonly string[], signal: AbortSignal, withinMs?: number): Promise<CommandResult>
}

export function managerOf(ports: Ports): Manager {
  const isRoot = userId() === 0
  const { HOME = '/', XDG_CONFIG_HOME = join(HOME, '.config') } = ports.env
  const unitFolder = isRoot ? '/etc/systemd/system' : join(XDG_CONFIG_HOME, 'systemd/user')
  const wanted = isRoot ? 'multi-user.target' : 'default.target'
  const run = (words: readonly string[], signal: AbortSignal, timeoutMs: number): Promise<CommandResult> => {
    const all = ['--no-ask-password', '--no-pager', ...words]
    const command = { run: isRoot ? ['systemctl', ...all] : ['/bin/sh', '-c', ownManager, 'sh', ...all] }
    return ports.shell.run({ command, directory: '/', timeoutMs }, signal)
  }
  return {
    unitFolder,
    wantsFolder: join(unitFolder, `${wanted}.wants`),
    systemctlText: isRoot ? 'systemctl' : 'systemctl --user',
    journalWords: isRoot ? [] : ['--user'],
    async refuseMissing(signal) {
      const isBooted = await access('/run/systemd/system').then(
        () => true,
        () => false,
      )
      if (!isBooted) throw refused('systemd is not what runs this machine.')
      const { exitCode, lastLines } = await run(['show', '--property=Version'], signal, patienceMs)
      if (exitCode === 0) return
      throw refused(`systemd does not answer: ${lastLines.join(' ')}`)
    },
    async systemctl(words, signal, withinMs = patienceMs) {
      const result = await run(words, signal, withinMs)
      if (result.exitCode === 0 && result.ended === 'exit') return result
      signal.throwIfAborted()
      const told = isRoot ? 'systemctl' : 'systemctl --user'
      throw new DeployError('COMMAND_FAILED', `"${told} ${words.join(' ')}" failed.`, {
        details: result.lastLines,
      })
    },
  }
}

function refused(message: string): DeployError {
  return new DeployError('TARGET_REFUSED', `supervisor: systemd: ${message}`, {
    hint: 'Leave "supervisor" out: a small process of deployctl then does the same. A user’s own manager runs while the user is logged in, or always after `loginctl enable-linger`.',
  })
}
