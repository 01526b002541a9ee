/**
 * Telling the program that another release serves now. It belongs to routing and is no step of its own: its order after
 * the link has to be the same there and back.
 */
import { DeployError } from '../../../base/deploy-error.js'
import { formatDuration } from '../../../base/duration.js'
import type { Instance } from '../../../model/instance.js'
import type { Command } from '../../../model/spec.js'
import type { CommandResult, Shell } from '../../../model/shell.js'
import type { OperationContext } from '../../../model/target.js'
import type { HostFiles } from './files/host-files.js'
import type { PidFileRestart, Restart, SystemdRestart } from './options.js'
import {
  killCommand,
  pidOf,
  restartCommand,
  sayRestart,
  statusCommand,
  type Goal,
} from './restart-command.js'

/** What a restart is about. */
export interface RestartPlace {
  readonly goal: Goal
  /** A first deployment is undone: what is not there to be restarted or stopped is no failure then. */
  readonly isUndoing: boolean
  /** The folder of the release that serves now, or served until now; where commands run. */
  readonly folder: string
  readonly instance: Instance
  /** What serves now, or what is to stop; empty when that is not known. */
  readonly version: string
  /** What served before; null when nothing did. */
  readonly previousVersion: string | null
}

/** What systemctl exits with for a unit it does not know. */
const unitNotLoaded = 5
const killTimeoutMs = 10_000
const statusTimeoutMs = 10_000

export async function restartProgram(
  restart: Restart,
  place: RestartPlace,
  files: HostFiles,
  shell: Shell,
  context: OperationContext,
): Promise<void> {
  await files.settle() // what serves is in its place before anybody is told
  if (restart.kind === 'pidFile') return signalProcess(restart, place, files, shell, context)
  const command = restartCommand(restart, place.goal)
  if (command === null) return
  const result = await runHere(command, restart.timeoutMs, place, shell, context).catch((error: unknown) => {
    if (restart.kind === 'systemd' && place.isUndoing && hasNoCommand(error)) return null
    throw error
  })
  if (result === null || (result.ended === 'exit' && result.exitCode === 0)) return
  if (restart.kind === 'systemd' && place.isUndoing && result.exitCode === unitNotLoaded) return
  const status = restart.kind === 'systemd' ? await unitStatus(restart, place, shell, context) : []
  throw restartFailure(restart, place, result, [...result.lastLines, ...status])
}

function runHere(
  command: Command,
  timeoutMs: number,
  place: RestartPlace,
  shell: Shell,
  context: OperationContext,
): Promise<CommandResult> {
  return shell.run(
    {
      command,
      directory: place.folder,
      env: restartEnvironment(place, context.deployment),
      timeoutMs,
      onLine: context.onLine,
      onStart: context.onChild,
    },
    context.signal,
  )
}

function hasNoCommand(error: unknown): boolean {
  return error instanceof DeployError && error.code === 'COMMAND_NOT_FOUND'
}

function restartEnvironment(place: RestartPlace, deployment: string): { readonly [name: string]: string } {
  return {
    DEPLOYCTL_SERVICE: place.instance.service,
    DEPLOYCTL_VERSION: place.version,
    DEPLOYCTL_PREVIOUS_VERSION: place.previousVersion ?? '',
    DEPLOYCTL_RELEASE_DIR: place.folder,
    DEPLOYCTL_DEPLOYMENT_ID: deployment,
    DEPLOYCTL_HOST: place.instance.host,
  }
}

async function unitStatus(
  restart: SystemdRestart,
  place: RestartPlace,
  shell: Shell,
  context: OperationContext,
): Promise<readonly string[]> {
  try {
    return (await runHere(statusCommand(restart), statusTimeoutMs, place, shell, context)).lastLines
  } catch {
    return [] // evidence only; the failure itself is told either way
  }
}

function restartFailure(
  restart: Restart,
  place: RestartPlace,
  result: CommandResult,
  lines: readonly string[],
): DeployError {
  const { service, host } = place.instance
  const what =
    place.goal === 'serve' ? `${service} could not be restarted` : `${service} could not be stopped`
  const command = `"${sayRestart(restart, place.goal)}"`
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
  const how =
    result.exitCode === null
      ? `was ended by ${result.signal ?? 'a signal'}`
      : `exited with ${result.exitCode}`
  return new DeployError('COMMAND_FAILED', `${what} on ${host}: ${command} ${how}.`, {
    details,
    hint: hintFor(restart, place),
  })
}

function hintFor(restart: Restart, place: RestartPlace): string {
  if (restart.kind === 'pidFile')
    return `Look whether the process in ${restart.path} is the right one, and whose it is.`
  if (restart.kind === 'command') return `It ran in ${place.folder}.`
  const journal = `journalctl ${restart.user ? '--user ' : ''}-u ${restart.unit}`
  if (place.goal === 'stop' || restart.action !== 'reload') return `More: ${journal}`
  return `A unit that does not run cannot be reloaded; "action: reload-or-restart" starts it then. More: ${journal}`
}

/**
 * Sends the signal once; what the process makes of it, health checks find out. No process is no failure when it is to
 * stop, and none at a first deployment, whose program can only be started when there is something to run.
 */
async function signalProcess(
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
