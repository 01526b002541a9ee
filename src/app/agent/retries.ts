/** Which releases that failed may be tried again now. By digest and from the state alone, so that a restart changes nothing. */
import type { AgentConfig } from '../../model/agent.js'
import { holdsOf, type Hold, type RecordedState } from '../../model/state.js'
import { triesOf } from '../carried-on.js'

export function dueRetries(
  state: RecordedState | null,
  { tries, delayMs }: AgentConfig['retry'],
  now: Date,
): readonly string[] {
  const services = Object.keys({ ...state?.services, ...state?.orphanHolds })
  return services
    .flatMap((service) => holdsOf(state, service))
    .filter((hold) => hold.cause === 'failed' && triesOf(hold) < tries)
    .filter((hold) => now.getTime() >= Date.parse(hold.at) + delayMs * 2 ** (triesOf(hold) - 1))
    .map(({ digest }) => digest)
}

/** The hold that says that this release failed, with its number of tries. */
export function failedHold(state: RecordedState | null, service: string, digest: string | null): Hold | null {
  return holdsOf(state, service).find((hold) => hold.cause === 'failed' && hold.digest === digest) ?? null
}
