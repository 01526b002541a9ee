/** How a restart that failed is told: what, where, how, the last that was said, and what to do. */
import { DeployError } from '../../../base/deploy-error.js'
import { formatDuration } from '../../../base/duration.js'
import type { CommandResult } from '../../../model/shell.js'
import type { Restart } from './options.js'
import { sayRestart } from './restart-command.js'
import type { RestartPlace } from './restart-place.js'

export function restartFailure(
  restart: Restart,
  place: RestartPlace,
  result: CommandResult,
  lines: readonly string[],
): DeployError {
  const { service, host } = place.instance
  const what =
    place.goal === 'serve' ? `${service} could not be restarted` : `${service} could not be stopped`
  const command = `"${sayRestart(restart, { goal: place.goal, isFirst: place.previousVersion === null })}"`
  const details = lines.length === 0 ? ['(it wrote nothing)'] : lines
  if (result.ended === 'cancelled') {
    return new DeployError('CANCELLED', `${what} on ${host}: ${command} was cancelled.`, { details })
  }
  if (result.ended === 'timeout') {
    return new DeployError(
      'TIMEOUT',
      `${what} on ${host}: ${command} did not end within ${formatDuration(result.durationMs)}.`,
      {
        details,
        hint: 'Give it longer with restart: { timeout: … }, or find out what it waits for.',
      },
    )
  }
  return new DeployError('COMMAND_FAILED', `${what} on ${host}: ${command} ${howItEnded(result)}.`, {
    details,
    hint: rightsHint(lines) ?? hintFor(restart, place),
  })
}

function howItEnded({ exitCode, signal }: CommandResult): string {
  if (exitCode === 0) return 'found it down'
  return exitCode === null ? `was ended by ${signal ?? 'a signal'}` : `exited with ${exitCode}`
}

/** In the words of systemd, runit and supervisor. */
const rightsTrouble =
  /Interactive authentication required|Access denied|access denied|PermissionError|Permission denied|unable to open supervise\/(ok|control).*(denied|permitted)/

function rightsHint(lines: readonly string[]): string | null {
  if (!lines.some((line) => rightsTrouble.test(line))) return null
  return 'The user who deploys may not do that. Let it be done by another one (become: root), use a unit of the user’s own, or allow it: a polkit rule for systemd, the group of runit’s supervise folder or of supervisor’s socket.'
}

function hintFor(restart: Restart, place: RestartPlace): string {
  switch (restart.kind) {
    case 'pidFile':
      return `Look whether the process in ${restart.path} is the right one, and whose it is.`
    case 'command':
      return `It ran in ${place.folder}.`
    case 'runit':
      return `Look into the service's log, and try its run script by hand: sv status ${restart.service}`
    case 'supervisor':
      return `More: supervisorctl tail ${restart.program} stderr`
    case 'systemd': {
      const journal = `journalctl ${restart.user ? '--user ' : ''}-u ${restart.unit}`
      if (place.goal === 'stop' || restart.action !== 'reload') return `More: ${journal}`
      return `A unit that does not run cannot be reloaded; "action: reload-or-restart" starts it then. More: ${journal}`
    }
  }
}
