/** Listening to an AbortSignal for as long as something lasts. */
import { setMaxListeners } from 'node:events'

/** Calls `act` once when the signal aborts, at once when it has; the answer stops listening. */
export function onAbort(signal: AbortSignal, act: () => void): () => void {
  setMaxListeners(0, signal) // every step and check of a deployment waits on the same signal: that is no leak
  signal.addEventListener('abort', act, { once: true })
  if (signal.aborted) act()
  return () => signal.removeEventListener('abort', act)
}
