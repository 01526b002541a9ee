/**
 * The connections to one host. Usually there is one, and requests take turns on it; another is opened only when all
 * have been busy for a moment (a long command of the user runs), and never more than a few.
 */
import type { Clock } from '../../model/clock.js'
import type { Session } from './session.js'

export interface SessionPool {
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

  const open = async (): Promise<Session> => {
    starting++
    try {
      const session = await start()
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
    async lease() {
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
      await Promise.all([...idle.splice(0), ...busy].map((session) => session.drop()))
    },
  }
}
