/**
 * Options that the schema admits and a driver cannot work with: a pattern that does not compile, a header that cannot be.
 * Every driver is made once before anything begins, so that none is found out after the switch.
 */
import { DeployError } from '../base/deploy-error.js'
import type { Config, ServiceConfig } from '../model/config.js'
import { thisHost, type HostSpec } from '../model/host-spec.js'
import { forHost, speaksOfHost } from '../model/interpolate-host.js'
import type { DriverSpec } from '../model/spec.js'
import type { World } from './world.js'

export interface RefusedOption {
  /** `healthChecks.ready`: where it stands in deploy.yaml. */
  readonly place: string
  readonly error: DeployError
}

/** Nobody asks it anything: which host it is matters as little as whether it is there, unless the service speaks of it. */
function someHostsOf(service: ServiceConfig, groups: Config['hosts']): readonly HostSpec[] {
  const { hosts: words, target, checks } = service
  const [word] = words
  if (word === undefined) return [thisHost]
  if (!speaksOfHost({ target, checks })) return [{ ...thisHost, name: word, address: word }]
  return Object.entries(groups).flatMap(([group, from]) => {
    const listed = from.kind === 'listed' ? from.hosts : [] // an inventory is asked when there is a plan to be made
    return listed.filter(({ name }) => words.includes(group) || words.includes(name))
  })
}

/** Hosts that are to fetch releases themselves have to be told from where. */
function refuseUnaddressed(world: World, { source: name }: ServiceConfig, target: DriverSpec): void {
  const { pulling } = world.traits(target.type)
  const spec = world.config.sources[name]
  if (pulling === undefined || spec === undefined || target[pulling.option] !== pulling.value) return
  if (world.source(name, spec).address !== undefined) return
  throw new DeployError(
    'CONFIG_INVALID',
    `${pulling.option}: ${pulling.value} takes a source that gives an address anybody may fetch by, and "${name}" (${spec.type}) gives none.`,
    {
      hint: `A source of type s3 does, and one of type http without headers. Or leave ${pulling.option}: out.`,
    },
  )
}

export function refusedOptions(world: World): readonly RefusedOption[] {
  const { config } = world
  const makers: (readonly [string, () => unknown])[] = []
  for (const [name, spec] of Object.entries(config.sources))
    makers.push([`sources.${name}`, () => world.source(name, spec)])
  for (const { name, driver } of config.notifiers)
    makers.push([`notifiers.${name}`, () => world.notifier(driver)])
  const { waves } = config.agent
  if (waves !== null) makers.push(['agent.waves.lease', () => world.lease(waves.lease)])
  const checks = new Set<string>()
  for (const service of Object.values(config.services)) {
    for (const host of someHostsOf(service, config.hosts)) {
      const { value: target } = forHost(service.target, host)
      makers.push([
        `services.${service.name}.target`,
        () => world.target(target, { service: service.name, host }),
      ])
      makers.push([`services.${service.name}.target`, () => refuseUnaddressed(world, service, target)])
      for (const check of forHost(service.checks, host).value) {
        const seen = JSON.stringify(check)
        if (!checks.has(seen)) makers.push([`healthChecks.${check.name}`, () => world.check(check)])
        checks.add(seen)
      }
    }
  }
  return makers.flatMap(([place, make]) => {
    try {
      make()
      return []
    } catch (error) {
      if (error instanceof DeployError) return [{ place, error }]
      throw error
    }
  })
}
