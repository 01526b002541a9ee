/** How long each operation may take, where deploy.yaml does not say. Generous: they end what hangs, not what is slow. */
import type { InstanceSpec } from '../model/spec.js'
import type { Verb } from '../model/operation.js'

export const minuteMs = 60_000

/** Those not here say themselves how long they take. */
type LimitedVerb = Exclude<Verb, 'check' | 'watch' | 'pause' | 'wait' | 'drain' | 'hook'>

const limitsMs: { readonly [V in LimitedVerb]: number } = {
  stage: 60 * minuteMs,
  discard: 10 * minuteMs,
  // What runs in these has a limit of its own in deploy.yaml, which may be long.
  start: 60 * minuteMs,
  stop: 60 * minuteMs,
  route: 60 * minuteMs,
  prune: 10 * minuteMs,
}

export function timeoutOf(verb: LimitedVerb): number {
  return limitsMs[verb]
}

/** A check ends by its own deadlines; this is the engine's net under them. */
export function checkTimeoutMs(spec: InstanceSpec | undefined, deadlineMs?: number): number {
  const deadlines = spec?.checks.map((check) => (deadlineMs ?? check.deadlineMs) + check.timeoutMs) ?? []
  return Math.max(minuteMs, ...deadlines) + minuteMs
}
