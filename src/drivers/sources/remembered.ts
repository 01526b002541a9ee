/**
 * What a source last read of its listing, so that asking again costs as little as it can.
 *
 * Callers at the same time share one reading; `latest` always asks the place itself, with the earlier answer at hand
 * for a conditional request; `recent` does without when the last answer is only a moment old, which is the case when
 * a version that was just listed is being resolved. One plan or poll is one request, however many services it serves.
 */
import { DeployError } from '../../base/deploy-error.js'
import type { Clock } from '../../model/clock.js'
import type { Fresh, Unchanged } from '../artifacts/read-text.js'

export interface Remembered<T> {
  latest(signal: AbortSignal): Promise<T>
  recent(signal: AbortSignal): Promise<T>
}

/** How old an answer may be to be called recent: longer than planning takes, shorter than any poll. */
const recentMs = 5_000

export function remember<T>(
  load: (previous: T | null, signal: AbortSignal) => Promise<T>,
  clock: Clock,
): Remembered<T> {
  let last: { readonly value: T; readonly atMs: number } | null = null
  const latest = shared(async (signal) => {
    const atMs = clock.monotonicMs()
    const value = await load(last?.value ?? null, signal)
    if (!signal.aborted) last = { value, atMs }
    return value
  })
  const recent = (signal: AbortSignal) =>
    last !== null && clock.monotonicMs() - last.atMs < recentMs ? Promise.resolve(last.value) : latest(signal)
  return { latest, recent }
}

interface SharedCall<T> {
  readonly answer: Promise<T>
  readonly giveUp: AbortController
  waiting: number
}

/** One call for all who ask while it is under way. It is cancelled when the last of them has given up. */
function shared<T>(call: (signal: AbortSignal) => Promise<T>): (signal: AbortSignal) => Promise<T> {
  let current: SharedCall<T> | null = null
  const begin = (): SharedCall<T> => {
    const giveUp = new AbortController()
    const answer = call(giveUp.signal).finally(() => {
      if (current === begun) current = null
    })
    const begun = { answer, giveUp, waiting: 0 }
    return begun
  }
  return (signal) =>
    new Promise<T>((resolve, reject) => {
      if (signal.aborted) return reject(cancelled())
      const joined = current !== null && !current.giveUp.signal.aborted ? current : (current = begin())
      joined.waiting++
      const leave = () => {
        joined.waiting--
        if (joined.waiting === 0) joined.giveUp.abort()
        reject(cancelled())
      }
      signal.addEventListener('abort', leave, { once: true })
      void joined.answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
    })
}

function cancelled(): DeployError {
  return new DeployError('CANCELLED', 'reading the list of versions was cancelled')
}

/** A document that was read over HTTP, understood, with what a conditional request for the next reading needs. */
export interface Document<T> {
  readonly url: string
  readonly content: T
  readonly etag: string | null
  readonly lastModified: string | null
}

export type Conditions = Pick<Document<unknown>, 'etag' | 'lastModified'>

/** The document as it is now: the previous one when the server says that it has not changed. */
export async function readDocument<Body, T>(
  url: string,
  previous: Document<T> | null,
  read: (conditions: Conditions) => Promise<Fresh<Body> | Unchanged>,
  understand: (body: Body, headers: Headers) => T,
): Promise<Document<T>> {
  const known = previous?.url === url ? previous : null
  const answer = await read({
    etag: known?.etag ?? null,
    // an ETag is exact where a date is not, so the date is only asked for without one
    lastModified: known?.etag === null ? known.lastModified : null,
  })
  if (answer.status === 'fresh') {
    const { body, headers, etag, lastModified } = answer
    return { url, content: understand(body, headers), etag, lastModified }
  }
  if (known === null) throw new Error(`${url}: "unchanged" in answer to a request without a condition`)
  return known
}
