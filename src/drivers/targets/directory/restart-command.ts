/** Which command makes a program take up a release, or stop: argument lists, decided without running anything. */
import type { CommandResult } from '../../../model/shell.js'
import type { Command } from '../../../model/spec.js'
import type { PidFileRestart, Restart, RunitRestart, SupervisorRestart, SystemdRestart } from './options.js'

/** `serve`: `current` leads to a release now. `stop`: it leads nowhere any more. */
export type Goal = 'serve' | 'stop'

export interface RestartWish {
  readonly goal: Goal
  /** Nothing of the service has served before, so there is nobody to send a signal to. */
  readonly isFirst: boolean
}

/** Restarts that a command does. */
export type CommandedRestart = Exclude<Restart, PidFileRestart>

type CommandOf<R> = (restart: R, wish: RestartWish) => Command | null

/** Null when there is nothing to run: a program without a stop command is left alone. */
const commandOf: { readonly [K in CommandedRestart['kind']]: CommandOf<CommandedRestart & { kind: K }> } = {
  command: (restart, { goal }) => (goal === 'serve' ? restart.command : restart.stop),
  systemd: (restart, { goal }) => systemctl(restart, goal === 'serve' ? restart.action : 'stop'),
  runit: (restart, wish) => sv(restart, wish),
  supervisor: (restart, wish) => supervisorctl(restart, ...supervisorWords(restart, wish)),
}

export function restartCommand(restart: CommandedRestart, wish: RestartWish): Command | null {
  const make = commandOf[restart.kind] as CommandOf<CommandedRestart> // the entry of its own kind
  return make(restart, wish)
}

/** What tells why it failed, beside what the command itself has said: state and last log lines. */
export function evidenceCommands(restart: CommandedRestart): readonly Command[] {
  if (restart.kind === 'systemd') return [systemctl(restart, 'status', '--no-pager', '--full', '--lines=20')]
  if (restart.kind === 'runit') return [{ run: ['sv', 'status', restart.service] }]
  if (restart.kind !== 'supervisor') return []
  const { program } = restart
  const tails = program.endsWith(':*') ? [] : ['stdout', 'stderr'] // of one program only
  return [
    supervisorctl(restart, 'status', program),
    ...tails.map((stream) => supervisorctl(restart, 'tail', '-2000', program, stream)),
  ]
}

/** What systemctl exits with for a unit it does not know. */
const unitNotLoaded = 5
/** What /bin/sh exits with where a program is missing. */
const noSuchProgram = 127
/** What is not there, and so not running either. */
const absences: { readonly [K in CommandedRestart['kind']]: (result: CommandResult) => boolean } = {
  command: () => false,
  systemd: ({ exitCode }) => exitCode === unitNotLoaded || exitCode === noSuchProgram,
  runit: ({ lastLines }) => lastLines.some((line) => /change to service directory.*not exist/.test(line)),
  supervisor: ({ lastLines }) =>
    lastLines.some((line) => /ERROR \(no such (process|group)\)|^unix:\S+ no such file/.test(line)),
}

/** Whether a program could not be stopped only because there is none. */
export function wasNotThere(restart: CommandedRestart, result: CommandResult): boolean {
  return absences[restart.kind](result)
}

/** `sv` calls it success to have sent a signal to a service that is down. */
export function wasDown(restart: CommandedRestart, result: CommandResult): boolean {
  return (
    restart.kind === 'runit' &&
    restart.signal !== null &&
    result.lastLines.some((line) => line.startsWith('ok: down:'))
  )
}

/** The shell's own `kill`, which every machine has; in English, since its answer is read. */
export function killCommand(pid: number, signal: string): Command {
  return { shell: `LC_ALL=C; export LC_ALL; kill -s ${signal} ${pid}` }
}

/** A login over SSH need not have told where the user's own manager listens. */
export const ownManager =
  'XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR:-/run/user/$(id -u)}; export XDG_RUNTIME_DIR; exec systemctl --user "$@"'

function systemctl({ user, unit }: SystemdRestart, verb: string, ...options: readonly string[]): Command {
  const words = ['--no-ask-password', verb, ...options, unit]
  return { run: user ? ['/bin/sh', '-c', ownManager, 'sh', ...words] : ['systemctl', ...words] }
}

/** Its own patience is as long as ours. */
function sv({ service, signal, timeoutMs }: RunitRestart, { goal, isFirst }: RestartWish): Command {
  const names: { readonly [signal: string]: string } = { INT: 'interrupt', USR1: '1', USR2: '2' }
  const signalled = signal === null || isFirst ? 'restart' : (names[signal] ?? signal.toLowerCase())
  const patience = String(Math.max(1, Math.floor(timeoutMs / 1000)))
  return { run: ['sv', '-w', patience, goal === 'serve' ? signalled : 'stop', service] }
}

function supervisorWords(
  { program, signal }: SupervisorRestart,
  { goal, isFirst }: RestartWish,
): readonly string[] {
  if (goal === 'stop') return ['stop', program]
  return signal === null || isFirst ? ['restart', program] : ['signal', signal, program]
}

function supervisorctl({ config }: SupervisorRestart, ...words: readonly string[]): Command {
  return { run: ['supervisorctl', ...(config === null ? [] : ['-c', config]), ...words] }
}

/** The process number in a pid file: its first line, and nothing that is no process (0 and 1 would be everybody). */
export function pidOf(text: string): number | null {
  const pid = /^\s*([0-9]{1,10})\s*(\n|$)/.exec(text)?.[1]
  return pid === undefined || Number(pid) < 2 ? null : Number(pid)
}

/** How the restart is called in messages. */
export function sayRestart(restart: Restart, wish: RestartWish): string {
  if (restart.kind === 'pidFile') {
    return `the signal ${wish.goal === 'serve' ? restart.signal : restart.stop} to the process in ${restart.path}`
  }
  const command = restartCommand(restart, wish)
  if (command === null) return 'nothing'
  if ('shell' in command) return command.shell
  const [, , script, , ...rest] = command.run
  return (script === ownManager ? ['systemctl', '--user', ...rest] : command.run).join(' ')
}
