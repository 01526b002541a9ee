/** From deploy.yaml and the chosen releases to what should run: instances with names and specifications. Pure. */
import { DeployError } from '../base/deploy-error.js'
import { digestOf, type Json } from '../base/hash.js'
import type { ServiceConfig } from '../model/config.js'
import type { HostSpec } from '../model/host-spec.js'
import type { Instance } from '../model/instance.js'
import { withRelease } from '../model/interpolate-release.js'
import type { Release } from '../model/release.js'
import { releaseFolderName } from '../model/release-folder.js'
import { withHost, speaksOfHost } from '../model/interpolate-host.js'
import { specOn, type InstanceSpec, type Specified } from '../model/spec.js'
import type { TargetTraits } from '../model/target.js'

export interface DesiredService extends Specified {
  readonly config: ServiceConfig
  readonly release: Release
  /** Where it should run, in the order of deploy.yaml. */
  readonly hosts: readonly HostSpec[]
  readonly instances: readonly Instance[]
  /** Why this release: shown when it is a change. */
  readonly reason: string
}

/** Throws CONFIG_INVALID where a host lacks what its specification speaks of. */
export function desire(
  config: ServiceConfig,
  release: Release,
  reason: string,
  traits: TargetTraits,
  hosts: readonly HostSpec[],
): DesiredService {
  const spec = withRelease({ target: config.target, checks: config.checks }, release)
  const specified = { spec, ...byHost(config.name, spec, hosts) }
  const copiesOf = copiesOnHosts(config.name, release, traits)
  const instances = hosts.flatMap(({ name: host }) => copiesOf(specOn(specified, host), host))
  return { config, release, ...specified, hosts, instances, reason }
}

function byHost(service: string, spec: InstanceSpec, hosts: readonly HostSpec[]): Pick<Specified, 'specs'> {
  if (!speaksOfHost(spec)) return {}
  const where = `services.${service}`
  return { specs: Object.fromEntries(hosts.map((host) => [host.name, withHost(spec, host, where)])) }
}

/** What is the same for many hosts is worked out once. */
function copiesOnHosts(
  service: string,
  release: Release,
  traits: TargetTraits,
): (spec: InstanceSpec, host: string) => readonly Instance[] {
  const known = new Map<InstanceSpec, readonly Omit<Instance, 'host'>[]>()
  return (spec, host) => {
    refuseOddCount(service, spec, host, traits)
    const copies = known.get(spec) ?? copiesOfSpec(service, release, spec, traits)
    known.set(spec, copies)
    return copies.map((copy) => ({ ...copy, host }))
  }
}

/** The schema has not seen what an inventory says: fewer copies than one would take the service off that host. */
function refuseOddCount(
  service: string,
  { target }: InstanceSpec,
  host: string,
  { replicas }: TargetTraits,
): void {
  const count = replicas === undefined ? undefined : target[replicas.option]
  if (replicas === undefined || typeof count !== 'number' || (Number.isInteger(count) && count > 0)) return
  throw new DeployError(
    'CONFIG_INVALID',
    `services.${service}.target.${replicas.option}: ${host} is to have ${count} copies`,
    { hint: 'Give that host a whole number, 1 or more.' },
  )
}

function copiesOfSpec(
  service: string,
  release: Release,
  spec: InstanceSpec,
  traits: TargetTraits,
): readonly Omit<Instance, 'host'>[] {
  const name = releaseFolderName(release, shapingOptions(spec, traits))
  const specDigest = digestOf(spec)
  return slotsOf(spec, traits).map((slot) => ({ service, name, release, specDigest, slot }))
}

/** The numbers of the copies on each host; a target that runs one has no numbers. */
function slotsOf(spec: InstanceSpec, { replicas }: TargetTraits): readonly (number | null)[] {
  if (replicas === undefined) return [null]
  const written = spec.target[replicas.option]
  const count = typeof written === 'number' ? written : replicas.default
  return Array.from({ length: count }, (_, index) => index + 1)
}

/** The options that shape what is staged: they are part of an instance's name. */
function shapingOptions(spec: InstanceSpec, traits: TargetTraits): Json {
  const entries = Object.entries(spec.target).filter(([option]) => traits.effects[option] === 'stage')
  return Object.fromEntries(entries)
}
