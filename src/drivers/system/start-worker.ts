/** Starts a long-lived process that gets sockets and writes to a file, in a process group of its own; and ends it. */
import { spawn, type ChildProcess } from 'node:child_process'
import { systemCodeOf } from '../../base/deploy-error.js'
import { groupIsGone, signalGroup, terminateGroup } from './process-group.js'
import { startOf } from './process-identity.js'
import type { Exit } from './start-child.js'

export interface WorkerOrder {
  readonly command: readonly string[]
  readonly directory: string
  /** All of its environment. */
  readonly env: { readonly [name: string]: string }
  /** The descriptor that standard output and error go to. */
  readonly output: number
  /** Descriptors that it gets as 3, 4 and so on. */
  readonly sockets: readonly number[]
}

export interface Worker {
  readonly pid: number
  /** Tells it from a later process with the same number. */
  readonly startedAt: string
  /** Never rejects. What cannot be started has ended with the reason. */
  readonly ended: Promise<Exit & { readonly error: string | null }>
  /** Asks it to end; what is left of its group after `withinMs` is killed. Resolves when nothing is left. */
  end(signal: NodeJS.Signals, withinMs: number): Promise<void>
}

export async function startWorker({
  command,
  directory,
  env,
  output,
  sockets,
}: WorkerOrder): Promise<Worker> {
  const [file = '', ...args] = command
  const child = spawn(file, args, {
    cwd: directory,
    env: { ...env },
    detached: true,
    stdio: ['ignore', output, output, ...sockets],
  })
  const pid = child.pid ?? 0
  const ended = exitOf(child)
  const startedAt = (pid === 0 ? null : await startOf(pid)) ?? ''
  return {
    pid,
    startedAt,
    ended,
    async end(signal, withinMs) {
      if (pid === 0) return
      // the leader alone: a program with children of its own knows how to end them
      if (child.exitCode === null && child.signalCode === null) child.kill(signal)
      await endGroup(pid, withinMs, ended)
    },
  }
}

function exitOf(child: ChildProcess): Worker['ended'] {
  return new Promise((resolve) => {
    child.once('exit', (exitCode, signal) => resolve({ exitCode, signal, error: null }))
    child.once('error', (error) => {
      const says = systemCodeOf(error) === 'ENOENT' ? 'its folder or /bin/sh is not there' : error.message
      if (child.pid === undefined) resolve({ exitCode: null, signal: null, error: says })
    })
  })
}

/** Ends what a process that is no child of this one has left running. */
export async function endLeftOver(pid: number, withinMs: number): Promise<void> {
  terminateGroup(pid)
  await endGroup(pid, withinMs, null)
}

/** Waits for a group that was asked to end, and kills what has not when the time is over. */
async function endGroup(group: number, withinMs: number, leader: Promise<unknown> | null): Promise<void> {
  const start = performance.now()
  if (leader !== null) {
    let timer: NodeJS.Timeout | undefined
    const over = new Promise((resolve) => (timer = setTimeout(resolve, withinMs)))
    await Promise.race([leader, over])
    clearTimeout(timer)
    terminateGroup(group) // those it has left behind
  }
  const leftMs = Math.max(withinMs - (performance.now() - start), 0)
  if (await groupIsGone(group, leftMs)) return
  signalGroup(group, 'SIGKILL')
  await groupIsGone(group, killedWithinMs)
}

const killedWithinMs = 10_000
