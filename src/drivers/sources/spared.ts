/**
 * Reads small documents over HTTP so that a server in trouble is spared: left alone for a while after it failed, for
 * as long as it asked for, and then tried once and not in a series (respite.ts).
 */
import type { Clock } from '../../model/clock.js'
import { retryAfterOf, type Explain } from '../artifacts/http-trouble.js'
import { patientPolicy, type RetryPolicy } from '../artifacts/retries.js'
import { respite } from './respite.js'

/** What goes into the request. */
export interface Manners {
  readonly explain: Explain
  readonly retry?: RetryPolicy
}

export type Spared = <T>(read: (manners: Manners) => Promise<T>) => Promise<T>

export function spared(clock: Clock): Spared {
  const rest = respite(clock)
  const explain: Explain = ({ headers }) => {
    rest.atLeast(retryAfterOf(headers, clock) ?? 0)
    return null
  }
  const once = { explain, retry: { ...patientPolicy, retries: 0 } }
  return (read) => rest.around((failing) => read(failing ? once : { explain }))
}
