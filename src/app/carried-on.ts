/**
 * What a new state takes over from the one before it, beside what the plan says: how often a held release has failed, and
 * a person's freeze, which no deployment lifts. Pure.
 */
import { holdsOf, type Hold, type RecordedState } from '../model/state.js'

export function carriedOn(state: RecordedState | null, next: RecordedState): RecordedState {
  const counted = (service: string, holds: readonly Hold[]): readonly Hold[] =>
    holds.map((hold) => withTries(hold, holdsOf(state, service)))
  const services = Object.entries(next.services).map(
    ([name, service]) => [name, { ...service, holds: counted(name, service.holds) }] as const,
  )
  const orphans = Object.entries(next.orphanHolds).map(
    ([name, holds]) => [name, counted(name, holds)] as const,
  )
  return {
    ...next,
    services: Object.fromEntries(services),
    orphanHolds: Object.fromEntries(orphans),
    ...(state?.freeze === undefined ? {} : { freeze: state.freeze }),
  }
}

/** A hold that this deployment made anew is one more failure of the same release. */
function withTries(hold: Hold, before: readonly Hold[]): Hold {
  const known = before.find(({ digest }) => digest === hold.digest)
  if (known === undefined || hold.cause !== 'failed' || known.cause !== 'failed') return hold
  const tries = triesOf(known) + (known.deployment === hold.deployment ? 0 : 1)
  return tries === 1 ? hold : { ...hold, tries }
}

export function triesOf({ tries = 1 }: Hold): number {
  return tries
}
