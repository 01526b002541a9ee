/** The plan of a restart: what is recorded of a service, as it was deployed, is started anew; deploy.yaml's changes wait. */
import { DeployError } from '../base/deploy-error.js'
import type { Plan } from '../model/plan.js'
import type { TargetTraits } from '../model/target.js'
import { openHostBook } from './host-book.js'
import { planDesired } from './plan-release.js'
import { recordedService } from './recorded-service.js'
import type { World } from './world.js'

export async function planRestart(world: World, service: string, signal: AbortSignal): Promise<Plan> {
  const { state, recorded } = await recordedService(world, service)
  const config = world.config.services[service]
  if (config === undefined) {
    throw new DeployError('USAGE', `${service} is no longer in deploy.yaml, so it is not restarted`, {
      hint: 'put it back into deploy.yaml, or take it down with `deployctl apply`',
    })
  }
  const { release, spec, specs, instances } = recorded.active
  refuseWhatCannot(world.traits(spec.target.type), service, Object.keys(spec.target))
  const book = await openHostBook(world, state, signal)
  const hosts = [...new Set(instances.map(({ host }) => host))].map((name) => book.named(name))
  const specified = { spec, ...(specs === undefined ? {} : { specs }) }
  const desired = new Map([[service, { config, release, ...specified, hosts, instances, reason: '' }]])
  const scope = { desired, book, isMeant: () => true }
  return planDesired(world, { state, renamed: {} }, 'restart', scope, [], signal)
}

function refuseWhatCannot(
  { type, verbs, restarting }: TargetTraits,
  service: string,
  options: string[],
): void {
  if (verbs.includes('start')) return
  if (restarting !== undefined && options.includes(restarting)) return
  throw new DeployError('USAGE', `${service} has nothing that could be restarted`, {
    hint:
      restarting === undefined
        ? `a target of type ${type} runs nothing`
        : `its target, a ${type}, was deployed without \`${restarting}:\``,
  })
}
