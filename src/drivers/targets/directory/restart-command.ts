/** Which command makes a program take up a release, or stop: argument lists, decided without running anything. */
import type { Command } from '../../../model/spec.js'
import type { PidFileRestart, Restart, SystemdRestart } from './options.js'

/** `serve`: `current` leads to a release now. `stop`: it leads nowhere any more. */
export type Goal = 'serve' | 'stop'

/** Null when there is nothing to run: a program without a stop command is left alone. */
export function restartCommand(restart: Exclude<Restart, PidFileRestart>, goal: Goal): Command | null {
  if (restart.kind === 'systemd') {
    return { run: systemctl(restart.user, goal === 'serve' ? restart.action : 'stop', restart.unit) }
  }
  return goal === 'serve' ? restart.command : restart.stop
}

/** Tells why a unit failed: its state and its last log lines. */
export function statusCommand(restart: SystemdRestart): Command {
  return { run: systemctl(restart.user, 'status', '--no-pager', '--full', '--lines=20', restart.unit) }
}

/** The shell's own `kill`, which every machine has; in English, since its answer is read. */
export function killCommand(pid: number, signal: string): Command {
  return { shell: `LC_ALL=C; export LC_ALL; kill -s ${signal} ${pid}` }
}

function systemctl(user: boolean, ...rest: readonly string[]): readonly string[] {
  return ['systemctl', ...(user ? ['--user'] : []), '--no-ask-password', ...rest]
}

/** The process number in a pid file: its first line, and nothing that is no process (0 and 1 would be everybody). */
export function pidOf(text: string): number | null {
  const pid = /^\s*([0-9]{1,10})\s*(\n|$)/.exec(text)?.[1]
  return pid === undefined || Number(pid) < 2 ? null : Number(pid)
}

/** How the restart is called in messages. */
export function sayRestart(restart: Restart, goal: Goal): string {
  if (restart.kind === 'pidFile') {
    return `the signal ${goal === 'serve' ? restart.signal : restart.stop} to the process in ${restart.path}`
  }
  const command = restartCommand(restart, goal)
  if (command === null) return 'nothing'
  return 'shell' in command ? command.shell : command.run.join(' ')
}
