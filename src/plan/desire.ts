/** From deploy.yaml and the chosen releases to what should run: instances with names and specifications. Pure. */
import { digestOf, type Json } from '../base/hash.js'
import type { ServiceConfig } from '../model/config.js'
import type { HostSpec } from '../model/host-spec.js'
import type { Instance } from '../model/instance.js'
import { withRelease } from '../model/interpolate-release.js'
import type { Release } from '../model/release.js'
import { releaseFolderName } from '../model/release-folder.js'
import type { InstanceSpec } from '../model/spec.js'
import type { TargetTraits } from '../model/target.js'

export interface DesiredService {
  readonly config: ServiceConfig
  readonly release: Release
  readonly spec: InstanceSpec
  /** Where it should run, in the order of deploy.yaml. */
  readonly hosts: readonly HostSpec[]
  readonly instances: readonly Instance[]
  /** Why this release: shown when it is a change. */
  readonly reason: string
}

export function desire(
  config: ServiceConfig,
  release: Release,
  reason: string,
  traits: TargetTraits,
  hosts: readonly HostSpec[],
): DesiredService {
  const spec = withRelease({ target: config.target, checks: config.checks }, release)
  const common = {
    service: config.name,
    name: releaseFolderName(release, shapingOptions(spec, traits)),
    release,
    specDigest: digestOf(spec),
  }
  const slots = slotsOf(spec, traits)
  const instances = hosts.flatMap(({ name: host }) =>
    slots.map((slot): Instance => ({ ...common, host, slot })),
  )
  return { config, release, spec, hosts, instances, reason }
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
