/**
 * What runs goes on when the agent ends, but for services that are to end with it: an agent that is the first process of
 * a container takes them along anyway, and then better in order.
 */
import { DeployError } from '../../base/deploy-error.js'
import { specOn } from '../../model/spec.js'
import { thisHost } from '../../model/host-spec.js'
import type { Deployed } from '../../model/state.js'
import type { OperationContext } from '../../model/target.js'
import { readState } from '../read-state.js'
import { underLock, whoIs } from '../under-lock.js'
import type { World } from '../world.js'

/** Told of each service that has ended, and of each that could not be, with the reason. */
export type Said = (service: string, trouble: string | null) => void

export async function endWithAgent(world: World, said: Said): Promise<void> {
  const state = await readState(world)
  const ending = Object.entries(state?.services ?? {}).filter(([, { active }]) => isToEnd(world, active))
  if (ending.length === 0) return
  await underLock(world, 'end with the agent', async () => {
    await Promise.all(
      ending.map(async ([service, { active }]) => {
        const trouble = await endOne(world, service, active).then(
          () => null,
          (error: unknown) => (error instanceof DeployError ? error.message : String(error)),
        )
        said(service, trouble)
      }),
    )
  })
}

/** Only what runs on this machine is its agent's. */
function isToEnd(world: World, active: Deployed): boolean {
  const { target } = specOn(active, thisHost.name)
  const { endsWithAgent } = world.traits(target.type)
  if (endsWithAgent === undefined || target[endsWithAgent] !== true) return false
  return active.instances.every(({ host }) => host === thisHost.name)
}

async function endOne(world: World, service: string, active: Deployed): Promise<void> {
  const target = world.target(specOn(active, thisHost.name).target, { service, host: thisHost })
  const { signal } = new AbortController() // the agent has been told to end; this is the end
  const context: OperationContext = {
    signal,
    deployment: '',
    onProgress: () => undefined,
    onLine: () => undefined,
    onChild: () => Promise.resolve(),
  }
  const claim = await target.claim({ deployment: 'the agent’s end', by: whoIs(world), incoming: [] }, signal)
  try {
    for (const instance of active.instances) await target.stop?.(instance, context)
  } finally {
    await claim.release()
  }
}
