/** Runs commands so that each has a deadline, bounded output and an end, together with everything it started. */
import { performance } from 'node:perf_hooks'
import type { CommandRequest, CommandResult, Shell } from '../../model/shell.js'
import { onAbort } from './on-abort.js'
import { captureOutput, type OutputCapture } from './output-capture.js'
import { groupIsGone, signalGroup, terminateGroup } from './process-group.js'
import { isAlive } from './process-identity.js'
import { startChild, type Exit, type StartedChild } from './start-child.js'
import { longestTimerMs, systemClock } from './system-clock.js'

const usualGraceMs = 10_000
/** What a command that ended by itself leaves running in its group gets this long to end too. */
const lingerMs = 2000
/** After KILL only what hangs in the kernel runs on. */
const farewellMs = 2000

export const systemShell: Shell = {
  async run(request, signal) {
    const startMs = performance.now()
    const capture = captureOutput(tolerant(request.onLine))
    const result = (exit: Exit, ended: CommandResult['ended']): CommandResult => ({
      ...exit,
      ended,
      lastLines: capture.lastLines(),
      stdout: capture.stdout(),
      durationMs: performance.now() - startMs,
    })
    if (signal.aborted) return result({ exitCode: null, signal: null }, 'cancelled')
    const child = await startChild(request, capture)
    killWithUs(child.pid)
    try {
      const ended = await firstEnd(child, request.timeoutMs, signal)
      await endGroup(child.pid, ended === 'exit' ? null : (request.graceMs ?? usualGraceMs))
      const exit = await exitSoon(child)
      await takeRest(child, capture)
      await child.begun
      return result(exit, ended)
    } finally {
      groups.delete(child.pid)
    }
  },

  async end(child, graceMs) {
    if (!(await isAlive(child.pid, child.startedAt))) return false
    await endGroup(child.pid, graceMs)
    return true
  },
}

/** What comes first: its own end, the deadline, or the caller's word. */
function firstEnd(
  child: StartedChild,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<CommandResult['ended']> {
  return new Promise((resolve) => {
    const settle = (ended: CommandResult['ended']): void => {
      clearTimeout(timer)
      forget()
      resolve(ended)
    }
    const cancel = (): void => settle('cancelled')
    const timer = setTimeout(() => settle('timeout'), Math.min(timeoutMs, longestTimerMs))
    let forget = (): void => undefined
    forget = onAbort(signal, cancel)
    void child.exit.then(() => settle('exit'))
    child.begun.catch(cancel)
  })
}

/** TERM, the grace, then KILL; without a grace the leader has ended and the rest may linger a little. */
async function endGroup(group: number, graceMs: number | null): Promise<void> {
  if (graceMs !== null) terminateGroup(group)
  if (await groupIsGone(group, graceMs ?? lingerMs)) return
  signalGroup(group, 'SIGKILL')
  await groupIsGone(group, farewellMs)
}

/** It has ended, or hangs in the kernel with the KILL still to be taken. */
async function exitSoon(child: StartedChild): Promise<Exit> {
  const settled = new AbortController()
  const patience = systemClock
    .sleep(farewellMs, settled.signal)
    .then(() => ({ exitCode: null, signal: 'SIGKILL' }))
  const exit = await Promise.race([child.exit, patience])
  settled.abort()
  return exit
}

/** Reads what is still in the pipes. A process that left the group may hold them for ever: then they are let go. */
async function takeRest(child: StartedChild, capture: OutputCapture): Promise<void> {
  for (let turn = 0; turn < 30 && !child.isDrained(); turn++) await systemClock.sleep(turn === 0 ? 1 : 10)
  child.closePipes()
  capture.end()
}

/** A listener's failure is not the command's. */
function tolerant(onLine: CommandRequest['onLine']): NonNullable<CommandRequest['onLine']> {
  return (line) => {
    try {
      onLine?.(line)
    } catch {
      // whoever shows the lines has lost one
    }
  }
}

/** Groups do not hear the terminal's Ctrl-C, so those that still run when this process exits at once are killed. */
const groups = new Set<number>()
let isWatchingExit = false

function killWithUs(group: number): void {
  groups.add(group)
  if (isWatchingExit) return
  isWatchingExit = true
  process.on('exit', () => {
    for (const one of groups) signalGroup(one, 'SIGKILL')
  })
}
