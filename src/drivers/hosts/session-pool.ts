/**
 * The connections to one host. Usually there is one, and requests take turns on it; another is opened only when all
 * have been busy for a moment (a long command of the user runs), and never more than a few.
 */
import type { Clock } from '../../model/clock.js'
import type { Session } from './session.js'

export interface SessionPool {
  /** Begins to connect where nobody has yet; whoever needs the connection finds it on its way. */
  connectAhead(): void
  /** One that nobody else uses until it is given back. */
  lease(): Promise<Session>
  giveBack(session: Session): void
  close(): Promise<void>
}

const mostSessions = 4
const patienceMs = 300

export function sessionPool(start: () => Promise<Session>, clock: Clock): SessionPool {
  const idle: Session[] = []
  const busy = new Set<Session>()
  const waiters: ((session: Session | null) => void)[] = []
  let starting = 0
  let ahead: Promise<Session> | null = null

  const open = async (begun = start()): Promise<Session> => {
    starting++
    try {
      const session = await begun
      busy.add(session)
      return session
    } finally {
      starting--
    }
  }
  const takeIdle = (): Session | undefined => {
    for (let session = idle.pop(); session !== undefined; session = idle.pop()) {
      if (!session.isOpen()) continue
      busy.add(session)
      return session
    }
    return undefined
  }
  /** Null when it is time to open another one, or when one has gone. */
  const wait = (): Promise<Session | null> =>
    new Promise((resolve) => {
      const waiter = (session: Session | null): void => {
        enough.abort()
        resolve(session)
      }
      const enough = new AbortController()
      waiters.push(waiter)
      void clock.sleep(patienceMs, enough.signal).then(() => {
        const at = waiters.indexOf(waiter)
        if (at === -1) return
        waiters.splice(at, 1)
        resolve(null)
      })
    })

  return {
    connectAhead() {
      if (ahead !== null || idle.length + busy.size + starting > 0) return
      ahead = start()
      ahead.catch(() => undefined) // told to the one who needs it
    },
    async lease() {
      if (ahead !== null) {
        const begun = ahead
        ahead = null
        return open(begun)
      }
      for (let isPatient = true; ; isPatient = false) {
        const session = takeIdle()
        if (session !== undefined) return session
        const count = busy.size + starting
        if (count === 0 || (!isPatient && count < mostSessions)) return open()
        const given = await wait()
        if (given !== null) return given
      }
    },
    giveBack(session) {
      busy.delete(session)
      const next = waiters.shift()
      if (next === undefined) {
        if (session.isOpen()) idle.push(session)
        return
      }
      if (session.isOpen()) busy.add(session)
      next(session.isOpen() ? session : null)
    },
    async close() {
      const unused = await ahead?.catch(() => null)
      ahead = null
      await Promise.all(
        [...idle.splice(0), ...busy, ...(unused ? [unused] : [])].map((session) => session.drop()),
      )
    },
  }
}
