/**
 * A child that is talked to for as long as it lives, such as a connection: its input and output are streams. It has a
 * process group of its own, so that the terminal's Ctrl-C does not reach it, and it keeps deployctl alive only while
 * somebody says so. Its input ends with deployctl, whatever ends that.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { DeployError, systemCodeOf } from '../../base/deploy-error.js'

export interface OpenChild {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  /** Its exit code, or null when a signal ended it; all that it said has been read by then. */
  readonly ended: Promise<number | null>
  /** Whether deployctl waits for it before it exits. */
  keep(isNeeded: boolean): void
  kill(): void
}

/**
 * Throws DeployError COMMAND_NOT_FOUND when the program is not there. Started without execa: a connection is the first
 * thing that a deployment to hosts waits for, and loading execa would be a tenth of what comes before it.
 */
export async function openChild(command: readonly string[]): Promise<OpenChild> {
  const [name = '', ...args] = command
  const child = spawn(name, args, { stdio: ['pipe', 'pipe', 'pipe'], detached: true })
  child.stdin.on('error', () => undefined) // it has ended; `ended` tells
  const ended = new Promise<number | null>((resolve) => {
    child.on('close', (exitCode) => resolve(exitCode))
  })
  if (child.pid === undefined) throw notStarted(name, await failureOf(child))
  child.on('error', () => undefined) // such as a kill that came too late
  const parts: readonly unknown[] = [child, child.stdin, child.stdout, child.stderr]
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    ended,
    keep(isNeeded) {
      for (const part of parts) {
        if (!canBeLetGo(part)) continue
        if (isNeeded) part.ref()
        else part.unref()
      }
    },
    kill: () => void child.kill('SIGKILL'),
  }
}

function failureOf(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve) => child.once('error', resolve))
}

interface Handle {
  ref(): void
  unref(): void
}

/** Pipes are sockets, which the types of a child's streams do not say. */
function canBeLetGo(part: unknown): part is Handle {
  return typeof part === 'object' && part !== null && 'ref' in part && 'unref' in part
}

function notStarted(name: string, cause: unknown): DeployError {
  if (systemCodeOf(cause) === 'ENOENT') {
    return new DeployError('COMMAND_NOT_FOUND', `the command "${name}" was not found in PATH`, {
      hint: `Install it: deployctl reaches hosts with the system's own ${name}.`,
      cause,
    })
  }
  return new DeployError('COMMAND_FAILED', `cannot start "${name}": ${String(cause)}`, { cause })
}
