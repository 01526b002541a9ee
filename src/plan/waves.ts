/**
 * How the hosts of a service follow one another: canary hosts first, then batch after batch, with a wait between them. Pure.
 */
import { localHost, type HostSpec } from '../model/host-spec.js'
import type { Tolerance } from '../model/plan.js'
import type { StrategySpec } from '../model/spec.js'
import type { HostDrafts } from './moves.js'
import { hostsOf, optionMs } from './strategies/options.js'
import type { Draft } from './strategies/strategy.js'

/** What happens on one host, one after another. */
export interface Lane {
  readonly drafts: readonly Draft[]
  /** The host that may fail alone here; null where a failure is the service's. */
  readonly host: string | null
}

/** Lanes side by side; the next leg begins when all of them are through. */
export type Leg = readonly Lane[]

export interface HostOrder {
  /** Which hosts may fail alone. */
  readonly mayFail: (host: string) => boolean
  /** Null where none may. */
  readonly tolerance: Tolerance | null
  readonly waves: readonly (readonly HostDrafts[])[]
}

/** `hosts` are all of the service's, also those that do not change this time. */
export function orderHosts(
  drafts: readonly HostDrafts[],
  hosts: readonly HostSpec[],
  options: StrategySpec,
): HostOrder {
  const isCanary = canaries(drafts, hosts, options)
  const first = drafts.filter(({ host }) => isCanary(host))
  const rest = drafts.filter(({ host }) => !isCanary(host))
  const size = Math.max(1, hostsOf(options, 'batch', hosts.length))
  const batches = Array.from({ length: Math.ceil(rest.length / size) }, (_, index) =>
    rest.slice(index * size, (index + 1) * size),
  )
  // When none is left that could succeed, it is the service that has failed.
  const maxFailures = Math.min(hostsOf(options, 'maxFailures', hosts.length), drafts.length - 1)
  return {
    mayFail: (host) => maxFailures > 0 && host !== localHost && !isCanary(host),
    tolerance: maxFailures > 0 ? { maxFailures } : null,
    waves: first.length === 0 ? batches : [first, ...batches],
  }
}

/** Batch after batch; between two of them the wait, and then the checks once more. */
export function legsOf({ waves, mayFail }: HostOrder, options: StrategySpec): readonly Leg[] {
  const waitMs = optionMs(options, 'wait')
  return waves.flatMap((wave, index): readonly Leg[] => {
    const leg = (draftsOf: (one: HostDrafts) => readonly Draft[]): Leg =>
      wave.map((one) => ({ drafts: draftsOf(one), host: mayFail(one.host) ? one.host : null }))
    const isLast = index === waves.length - 1
    const legs = [leg(({ move }) => move)]
    if (waitMs > 0 && !isLast)
      legs.push(
        [waiting(waitMs)],
        leg(({ again }) => again),
      )
    return legs
  })
}

function waiting(forMs: number): Lane {
  const draft: Draft = { host: localHost, apply: { verb: 'wait', forMs }, revert: { nothing: true } }
  return { drafts: [draft], host: null }
}

function canaries(
  drafts: readonly HostDrafts[],
  hosts: readonly HostSpec[],
  options: StrategySpec,
): (host: string) => boolean {
  const written = options['canary']
  if (typeof written === 'number') {
    const first = new Set(drafts.slice(0, written).map(({ host }) => host))
    return (host) => first.has(host)
  }
  if (typeof written !== 'string') return () => false
  const at = written.indexOf('=')
  const [label, value] = [written.slice(0, at), written.slice(at + 1)]
  const labelled = new Set(hosts.filter(({ labels }) => labels[label] === value).map(({ name }) => name))
  return (host) => labelled.has(host)
}
