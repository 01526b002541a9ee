/** What a service's change means for each of its hosts: all of it, putting right what has drifted, or nothing. Pure. */
import type { Instance } from '../model/instance.js'
import { showVersion } from '../model/release.js'
import { recordedHosts, recordedOn, type Deployed, type RecordedService } from '../model/state.js'
import type { Observation } from '../model/target.js'
import type { DesiredService } from './desire.js'

/** A host that is not touched this time, and why: it keeps what it has. */
export interface SkippedHost {
  readonly host: string
  readonly reason: string
}

export interface HostPart {
  readonly host: string
  /** What is recorded to be there, with the instances of this host alone. */
  readonly recorded: Deployed | null
  readonly wanted: readonly Instance[]
  readonly seen: Observation | null
  /** Why this host changes though the service does not; null where it does not. */
  readonly own: 'added' | 'removed' | 'behind' | null
}

/** Host by host: those where it should run in the order of deploy.yaml, then those that are left. */
export function hostParts(
  desired: DesiredService | null,
  recorded: RecordedService | null,
  observations: readonly Observation[],
  skipped: readonly SkippedHost[],
): readonly HostPart[] {
  const wantedHosts = (desired?.instances ?? []).map(({ host }) => host)
  const lagging = new Set(recorded?.lagging?.map(({ host }) => host))
  const instancesOn = new Map<string, Instance[]>()
  for (const instance of desired?.instances ?? [])
    instancesOn.set(instance.host, [...(instancesOn.get(instance.host) ?? []), instance])
  const seenOn = new Map(observations.map((seen) => [seen.host, seen]))
  const left = new Set(skipped.map(({ host }) => host))
  const hosts = [...new Set([...wantedHosts, ...recordedHosts(recorded)])].filter((host) => !left.has(host))
  return hosts.map((host) => {
    const there = recordedOn(recorded, host)
    const wanted = instancesOn.get(host) ?? []
    const own =
      there === null
        ? wanted.length > 0 && recorded !== null
          ? 'added'
          : null
        : wanted.length === 0
          ? 'removed'
          : lagging.has(host)
            ? 'behind'
            : null
    return { host, recorded: there, wanted, seen: seenOn.get(host) ?? null, own }
  })
}

const mostNamed = 4

/** In sentences, for the reasons of a change. */
export function ownReasons(parts: readonly HostPart[], recorded: RecordedService | null): readonly string[] {
  const of = (own: HostPart['own']): readonly HostPart[] => parts.filter((part) => part.own === own)
  const say = (some: readonly HostPart[], one: string, many: string): readonly string[] =>
    some.length === 0 ? [] : [`${names(some)} ${some.length === 1 ? one : many} among its hosts`]
  const behind = of('behind')
  const why = (part: HostPart): string =>
    recorded?.lagging?.find(({ host }) => host === part.host)?.reason ?? ''
  return [
    ...say(of('added'), 'is new', 'are new'),
    ...say(of('removed'), 'is no longer', 'are no longer'),
    ...behind
      .slice(0, mostNamed)
      .map(
        (part) => `${part.host} still has ${showVersion(part.recorded?.release.version ?? '')}: ${why(part)}`,
      ),
    ...(behind.length > mostNamed ? [`so have ${behind.length - mostNamed} more hosts`] : []),
  ]
}

function names(parts: readonly HostPart[]): string {
  const shown = parts.slice(0, mostNamed).map(({ host }) => host)
  const more = parts.length - shown.length
  return more === 0 ? shown.join(', ') : `${shown.join(', ')} and ${more} more`
}
