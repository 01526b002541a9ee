/**
 * Telling the program that another release serves now. It belongs to routing and is no step of its own: its order after
 * the link has to be the same there and back.
 */
import { DeployError } from '../../../base/deploy-error.js'
import type { Shell } from '../../../model/shell.js'
import type { OperationContext } from '../../../model/target.js'
import type { HostFiles } from './files/host-files.js'
import type { Restart } from './options.js'
import {
  evidenceCommands,
  restartCommand,
  wasDown,
  wasNotThere,
  type CommandedRestart,
} from './restart-command.js'
import { runHere, type RestartPlace } from './restart-place.js'
import { restartFailure } from './restart-trouble.js'
import { signalProcess } from './signal-process.js'

const evidenceTimeoutMs = 10_000
/** Of what `sv` waits for by itself, so that its own words are heard. */
const moreMs = 2000

export async function restartProgram(
  restart: Restart,
  place: RestartPlace,
  files: HostFiles,
  shell: Shell,
  context: OperationContext,
): Promise<void> {
  await files.settle() // what serves is in its place before anybody is told
  if (restart.kind === 'pidFile') return signalProcess(restart, place, files, shell, context)
  const command = restartCommand(restart, { goal: place.goal, isFirst: place.previousVersion === null })
  if (command === null) return
  const timeoutMs = restart.timeoutMs + (restart.kind === 'runit' ? moreMs : 0)
  const result = await runHere(command, timeoutMs, place, shell, context).catch((error: unknown) => {
    if (restart.kind !== 'command' && place.isUndoing && hasNoCommand(error)) return null
    throw error
  })
  if (result === null) return
  const isDone = result.ended === 'exit' && result.exitCode === 0
  if (isDone && (place.goal === 'stop' || !wasDown(restart, result))) return
  if (place.isUndoing && wasNotThere(restart, result)) return
  const evidence = await evidenceOf(restart, place, shell, context)
  throw restartFailure(restart, place, result, [...result.lastLines, ...evidence])
}

function hasNoCommand(error: unknown): boolean {
  return error instanceof DeployError && error.code === 'COMMAND_NOT_FOUND'
}

/** Evidence only; the failure itself is told either way. */
async function evidenceOf(
  restart: CommandedRestart,
  place: RestartPlace,
  shell: Shell,
  context: OperationContext,
): Promise<readonly string[]> {
  const lines: string[] = []
  for (const command of evidenceCommands(restart)) {
    const found = await runHere(command, evidenceTimeoutMs, place, shell, context).catch(() => null)
    lines.push(...(found?.lastLines ?? []))
  }
  return lines.filter((line) => line.trim() !== '')
}
