/**
 * Asking a host: over a connection that is opened when it is first needed, tried again where that helps, and kept.
 * Every request has a deadline, after which the connection is dropped, since what hangs at its other end would answer
 * somebody else later.
 */
import type { LimitFunction } from 'p-limit'
import type { Clock } from '../../model/clock.js'
import type { SshSettings } from '../../model/host.js'
import type { HostAddress } from '../../model/host-spec.js'
import { onAbort } from '../system/on-abort.js'
import type { OpenChild } from '../system/open-child.js'
import { sessionPool } from './session-pool.js'
import { startSession, type Session, type SessionRequest } from './session.js'
import { connectionLost, mayPass, notConnected } from './ssh-trouble.js'

export interface LinkPorts {
  readonly open: (command: readonly string[]) => Promise<OpenChild>
  readonly clock: Clock
  /** Functions of /bin/sh that scripts may use. */
  readonly library: string
  /** A word of its own for every connection. */
  readonly token: () => string
  /** Between 0 and 1, so that many who were refused at once do not come back at once. */
  readonly random: () => number
  /** Lets only so many connections of the whole run begin at the same moment. */
  readonly gate: LimitFunction
}

/** One request as both kinds of users put it. */
export interface Asked extends SessionRequest {
  readonly doing: string
  readonly timeoutMs: number
  /** Whether it may be asked again when an idle connection turns out to be dead. */
  readonly repeatable: boolean
  /** What is done about an abort or a deadline, until the answer is there; null drops the connection. */
  readonly interrupt: ((session: Session, answered: AbortSignal) => Promise<void>) | null
  /** Whether an abort may wait until the answer is there. */
  readonly finishes: boolean
}

export type Ended = 'exit' | 'timeout' | 'cancelled'
export interface Asking {
  readonly ask: (
    asked: Asked,
    signal: AbortSignal,
  ) => Promise<{ readonly ended: Ended; readonly exitCode: number | null }>
  readonly connectAhead: () => void
  readonly close: () => Promise<void>
}

const mostTries = 6
const firstPauseMs = 400
const mostPauseMs = 5000
/** For the login and its startup files, after the connection itself. */
const loginMs = 30_000

/** How the session program is started. */
export interface Entry {
  readonly command: readonly string[]
  /** What is sent before it. */
  readonly preface: () => Promise<string>
}

export function asking(host: HostAddress, entry: Entry, settings: SshSettings, ports: LinkPorts): Asking {
  const pool = sessionPool(() => connect(entry, settings, ports), ports.clock)
  return {
    connectAhead: () => pool.connectAhead(),
    close: () => pool.close(),
    async ask(asked, signal) {
      for (let tries = 1; ; tries++) {
        if (signal.aborted) return { ended: 'cancelled', exitCode: null }
        const session = await pool.lease()
        const { ended, answer } = await attend(session, asked, signal, ports.clock).finally(() =>
          pool.giveBack(session),
        )
        if (!('lost' in answer)) return { ended, exitCode: answer.exitCode }
        if (ended !== 'exit') return { ended, exitCode: null }
        const { lost } = answer
        const isWorthIt = mayPass(lost) || (lost.wasOpen && asked.repeatable && tries === 1)
        if (!isWorthIt || tries === mostTries) {
          throw lost.wasOpen ? connectionLost(host, asked.doing, lost) : notConnected(host, lost)
        }
        const pauseMs = Math.min(mostPauseMs, firstPauseMs * 2 ** (tries - 1))
        await ports.clock.sleep(pauseMs / 2 + ports.random() * pauseMs, signal)
      }
    },
  }
}

function connect(entry: Entry, settings: SshSettings, ports: LinkPorts): Promise<Session> {
  return new Promise((resolve, reject) => {
    const work = async (): Promise<void> => {
      const preface = await entry.preface()
      const session = startSession(await ports.open(entry.command), ports.token(), ports.library, preface)
      resolve(session)
      const settled = new AbortController()
      const late = ports.clock.sleep(settings.connectTimeoutMs + loginMs, settled.signal).then(() => {
        if (!settled.signal.aborted) return session.drop()
      })
      await session.opened
      settled.abort()
      await late
    }
    ports.gate(work).catch(reject)
  })
}

/** Waits for the answer, and says when it is too late for it. */
async function attend(session: Session, asked: Asked, signal: AbortSignal, clock: Clock) {
  let ended: Ended = 'exit'
  let isOpen = false
  const settled = new AbortController()
  const stop = (why: 'cancelled' | 'timeout'): void => {
    if (ended !== 'exit' || settled.signal.aborted) return
    ended = why
    const { interrupt } = asked
    void (interrupt === null || !isOpen ? session.drop() : interrupt(session, settled.signal))
  }
  const late = clock.sleep(asked.timeoutMs, settled.signal).then(() => stop('timeout'))
  void session.opened.then(() => {
    isOpen = true
  })
  const forget = onAbort(signal, () => {
    if (!isOpen || !asked.finishes) stop('cancelled')
  })
  const answer = await session.ask(asked)
  // what a failed script has not read of its input would be taken for the next script
  if (asked.input !== undefined && !('lost' in answer) && answer.exitCode !== 0) await session.drop()
  settled.abort()
  forget()
  await late
  return { ended: ended as Ended, answer } // what the listeners above have made of it
}
