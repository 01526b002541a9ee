/** Waiting for work that does not listen to signals itself: it goes on, and nobody waits for it any more. */
import { onAbort } from './on-abort.js'

/** The work's own end, or an error as soon as the signal aborts. */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const stop = onAbort(signal, () => reject(new Error('it was given up')))
    void work.then(resolve, reject).finally(stop)
  })
}
