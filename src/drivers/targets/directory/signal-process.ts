/** Telling a program by a signal to the process of a pid file. */
import { DeployError } from '../../../base/deploy-error.js'
import type { Shell } from '../../../model/shell.js'
import type { OperationContext } from '../../../model/target.js'
import type { HostFiles } from './files/host-files.js'
import type { PidFileRestart } from './options.js'
import { killCommand, pidOf } from './restart-command.js'
import { runHere, type RestartPlace } from './restart-place.js'
import { restartFailure } from './restart-trouble.js'

const killTimeoutMs = 10_000

/**
 * Sends the signal once; what the process makes of it, health checks find out. No process is no failure when it is to
 * stop, and none at a first deployment, whose program can only be started when there is something to run.
 */
export async function signalProcess(
  restart: PidFileRestart,
  place: RestartPlace,
  files: HostFiles,
  shell: Shell,
  context: OperationContext,
): Promise<void> {
  const absence = await signalOnce(restart, place, files, shell, context)
  if (absence === null) return
  if (!place.isUndoing && place.previousVersion !== null) {
    throw new DeployError(
      'COMMAND_FAILED',
      `${place.instance.service} could not be told of its new release on ${place.instance.host}: ${absence}.`,
      { hint: 'Start the program, and see that it writes its number into that file; then deploy again.' },
    )
  }
  const consequence = place.isUndoing
    ? 'there is nothing to stop'
    : 'start the program yourself this first time'
  context.onLine({ stream: 'stderr', text: `${absence}: ${consequence}` })
}

/** Null when the signal was sent; otherwise why there is no process to send it to. */
async function signalOnce(
  restart: PidFileRestart,
  place: RestartPlace,
  files: HostFiles,
  shell: Shell,
  context: OperationContext,
): Promise<string | null> {
  const text = await readPidFile(files, restart.path)
  if (text === null) return `the pid file ${restart.path} is not there`
  const pid = pidOf(text)
  if (pid === null)
    return `the pid file ${restart.path} holds no process number but ${JSON.stringify(text.slice(0, 40))}`
  const command = killCommand(pid, place.goal === 'serve' ? restart.signal : restart.stop)
  const result = await runHere(command, killTimeoutMs, place, shell, context)
  if (result.ended === 'exit' && result.exitCode === 0) return null
  if (result.lastLines.some((line) => /no such process/i.test(line))) {
    return `the pid file ${restart.path} is stale: there is no process ${pid}`
  }
  throw restartFailure(restart, place, result, result.lastLines)
}

async function readPidFile(files: HostFiles, path: string): Promise<string | null> {
  try {
    return await files.text(path)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new DeployError('PERMISSION_DENIED', `The pid file ${path} cannot be read: ${why}.`, {
      cause: error,
    })
  }
}
