/** What this host has to tell the others, from its own state. Pure. */
import { holdsOf, type RecordedState } from '../../../model/state.js'
import type { HostWord } from './board.js'

export interface OwnFacts {
  readonly state: RecordedState | null
  /** Services of which it was last seen that all is as recorded. */
  readonly sound: ReadonlySet<string>
  readonly isCanary: boolean
  readonly soakMs: number
  readonly now: Date
}

/** Of each service: others may still be on their way to the one before. */
const mostWell = 5

export function hostWord(
  { state, sound, isCanary, soakMs, now }: OwnFacts,
  before: HostWord | null,
): HostWord {
  const services = Object.keys({ ...state?.services, ...state?.orphanHolds }).sort()
  const held = new Map(
    services.map((name) => [name, holdsOf(state, name).map(({ digest }) => digest)] as const),
  )
  const well = services.map((service) => {
    const active = state?.services[service]?.active
    const hasSoaked = active !== undefined && now.getTime() - Date.parse(active.at) >= soakMs
    const own = hasSoaked && sound.has(service) ? [active.release.digest] : []
    const known = [...new Set([...own, ...(before?.well[service] ?? [])])]
    return [
      service,
      known.filter((digest) => held.get(service)?.includes(digest) !== true).slice(0, mostWell),
    ] as const
  })
  const filled = (lists: readonly (readonly [string, readonly string[]])[]): HostWord['well'] =>
    Object.fromEntries(lists.filter(([, digests]) => digests.length > 0))
  return { at: now.toISOString(), well: isCanary ? filled(well) : {}, held: filled([...held]) }
}

/** Whether the two say the same, whenever they were said. */
export function saysTheSame(one: HostWord | null, other: HostWord): boolean {
  const essence = (word: HostWord | null): string => JSON.stringify([word?.well ?? {}, word?.held ?? {}])
  return essence(one) === essence(other)
}
