/**
 * Options that the schema admits and a driver cannot work with: a pattern that does not compile, a header that cannot be.
 * Every driver is made once before anything begins, so that none is found out after the switch.
 */
import { DeployError } from '../base/deploy-error.js'
import type { ServiceConfig } from '../model/config.js'
import { thisHost, type HostSpec } from '../model/host-spec.js'
import type { World } from './world.js'

export interface RefusedOption {
  /** `healthChecks.ready`: where it stands in deploy.yaml. */
  readonly place: string
  readonly error: DeployError
}

/** Nobody asks it anything: which host it is matters as little as whether it is there. */
function someHostOf({ hosts: [word] }: ServiceConfig): HostSpec {
  return word === undefined ? thisHost : { ...thisHost, name: word, address: word }
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
    makers.push([
      `services.${service.name}.target`,
      () => world.target(service.target, { service: service.name, host: someHostOf(service) }),
    ])
    for (const check of service.checks) {
      const seen = JSON.stringify(check)
      if (!checks.has(seen)) makers.push([`healthChecks.${check.name}`, () => world.check(check)])
      checks.add(seen)
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
