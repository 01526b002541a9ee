/**
 * Asks HAProxy's runtime API: one command for each connection, which HAProxy closes after its answer.
 *
 * Every command has a deadline and every answer a limit, because a process that is stopped (SIGSTOP, a debugger, a
 * machine out of memory) still accepts connections, and says nothing.
 */
import { connect } from 'node:net'
import { DeployError, systemCodeOf } from '../../../base/deploy-error.js'
import type { Clock } from '../../../model/clock.js'
import { onAbort } from '../../system/on-abort.js'

export type Ask = (command: string, signal: AbortSignal) => Promise<string>

const answerWithinMs = 5000
const mostBytes = 4 * 1024 * 1024

/** Thrown when nothing listens: HAProxy does not run, or its socket is elsewhere. */
export class NotRunning extends Error {}

export function runtimeSocket(path: string, clock: Clock): Ask {
  return async (command, signal) => {
    try {
      return await askOnce(path, command, clock, signal)
    } catch (error) {
      throw named(error, path)
    }
  }
}

function askOnce(path: string, command: string, clock: Clock, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const done = new AbortController()
    const chunks: Buffer[] = []
    let size = 0
    const socket = connect({ path })
    const fail = (error: Error): void => {
      done.abort()
      stop()
      socket.destroy()
      reject(error)
    }
    let stop = (): void => undefined
    socket.on('connect', () => socket.write(`${command}\n`)) // not end(): HAProxy takes that for a hang-up
    socket.on('data', (chunk: Buffer) => {
      size += chunk.length
      chunks.push(chunk)
      if (size > mostBytes) fail(refusal(path, `answers \`${command}\` with more than ${mostBytes} bytes`))
    })
    socket.on('error', fail)
    socket.on('close', () => {
      done.abort()
      stop()
      if (size === 0) reject(refusal(path, `hung up on \`${command}\``))
      else resolve(Buffer.concat(chunks).toString('utf8').trim())
    })
    stop = onAbort(signal, () =>
      fail(new DeployError('CANCELLED', `\`${command}\` was given up before HAProxy answered.`)),
    )
    void clock.sleep(answerWithinMs, done.signal).then(() => {
      if (!done.signal.aborted) {
        fail(refusal(path, `gave no answer to \`${command}\` within ${answerWithinMs / 1000} s`))
      }
    })
  })
}

function refusal(path: string, what: string): DeployError {
  return new DeployError('TARGET_REFUSED', `HAProxy at ${path} ${what}.`, {
    hint: 'Is the process stopped or the machine overloaded? Ask it by hand: show info.',
  })
}

const absent = new Set(['ENOENT', 'ECONNREFUSED', 'ENOTSOCK'])

function named(error: unknown, path: string): unknown {
  const code = systemCodeOf(error)
  if (error instanceof DeployError || code === undefined) return error
  if (absent.has(code)) return new NotRunning(`HAProxy does not answer at ${path}.`, { cause: error })
  if (code === 'EACCES' || code === 'EPERM') {
    return new DeployError('PERMISSION_DENIED', `HAProxy’s socket ${path} may not be used.`, {
      hint: 'Its mode and group are set by its `stats socket` line: add yourself to that group.',
      cause: error,
    })
  }
  const reason = error instanceof Error ? error.message : code
  return new DeployError('TARGET_REFUSED', `HAProxy does not answer at ${path}: ${reason}`, { cause: error })
}
