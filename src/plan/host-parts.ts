/** What a service's change means for each of its hosts: all of it, putting right what has drifted, or nothing. Pure. */
import type { Instance } from '../model/instance.js'
import { showVersion } from '../model/release.js'
import { recordedHosts, recordedOn, type Deployed, type RecordedService } from '../model/state.js'
import { specOn, type InstanceSpec } from '../model/spec.js'
import type { Observation, TargetTraits } from '../model/target.js'
import type { DesiredService } from './desire.js'
import { changesBetween } from './diff.js'

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
  /** What it should be made of here; null where it should not be. */
  readonly spec: InstanceSpec | null
  readonly seen: Observation | null
  /** Why this host changes though the service does not; null where it does not. */
  readonly own: 'added' | 'removed' | 'behind' | 'changed' | null
  /** Options that are to be others here. */
  readonly changes: readonly string[]
}

/** Host by host: those where it should run in the order of deploy.yaml, then those that are left. */
export function hostParts(
  desired: DesiredService | null,
  recorded: RecordedService | null,
  observations: readonly Observation[],
  skipped: readonly SkippedHost[],
  traits: TargetTraits,
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
    const spec = desired === null || wanted.length === 0 ? null : specOn(desired, host)
    const changes = changesOn(there, spec, traits)
    const own = (): HostPart['own'] => {
      if (there === null) return wanted.length > 0 && recorded !== null ? 'added' : null
      if (wanted.length === 0) return 'removed'
      if (lagging.has(host)) return 'behind'
      return changes.length > 0 ? 'changed' : null
    }
    return { host, recorded: there, wanted, spec, seen: seenOn.get(host) ?? null, own: own(), changes }
  })
}

function changesOn(
  there: Deployed | null,
  spec: InstanceSpec | null,
  traits: TargetTraits,
): readonly string[] {
  return there === null || spec === null ? [] : changesBetween(there.spec, spec, traits)
}

/** Whether a host has what it should have, though others of the service have not. */
export function hasItAlready(
  desired: DesiredService,
  recorded: RecordedService | null,
  host: string,
  traits: TargetTraits,
): boolean {
  const there = recordedOn(recorded, host)
  const isBehind = recorded?.lagging?.some((lag) => lag.host === host) ?? false
  if (there === null || isBehind || there.release.digest !== desired.release.digest) return false
  return changesOn(there, specOn(desired, host), traits).length === 0
}

const mostNamed = 4

/** In sentences, for the reasons of a change. */
export function ownReasons(
  parts: readonly HostPart[],
  recorded: RecordedService | null,
  /** Options that are others in deploy.yaml itself, which says enough. */
  everywhere: readonly string[],
): readonly string[] {
  const of = (own: HostPart['own']): readonly HostPart[] => parts.filter((part) => part.own === own)
  const say = (some: readonly HostPart[], one: string, many: string): readonly string[] =>
    some.length === 0 ? [] : [`${names(some)} ${some.length === 1 ? one : many} among its hosts`]
  const changed = of('changed').filter(({ changes }) => changes.some((name) => !everywhere.includes(name)))
  const behind = of('behind')
  const why = (part: HostPart): string =>
    recorded?.lagging?.find(({ host }) => host === part.host)?.reason ?? ''
  return [
    ...say(of('added'), 'is new', 'are new'),
    ...say(of('removed'), 'is no longer', 'are no longer'),
    ...changed
      .slice(0, mostNamed)
      .map(({ host, changes }) => `what ${host} has for ${changes.join(', ')} is another now`),
    ...(changed.length > mostNamed ? [`so it is for ${changed.length - mostNamed} more hosts`] : []),
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
