/** Lets the targets of an interrupted plan find their instances again, before its steps go on or back. */
import { localHost, thisHost } from '../model/host-spec.js'
import { specOn } from '../model/spec.js'
import type { Plan } from '../model/plan.js'
import type { OperationContext } from '../model/target.js'
import type { World } from './world.js'

export async function retracePlaces(
  world: World,
  plan: Plan,
  { direction, deployment }: { readonly direction: 'resume' | 'unwind'; readonly deployment: string },
  signal: AbortSignal,
): Promise<void> {
  const context: OperationContext = {
    signal,
    deployment,
    onProgress: () => undefined,
    onLine: () => undefined,
    onChild: () => Promise.resolve(), // what it starts ends by itself, and is done again if this is interrupted
  }
  for (const { service, kind, before, after } of plan.changes) {
    if (kind === 'none') continue
    const sides = direction === 'resume' ? [after, before] : [before, after]
    const instances = Object.values(plan.instances).filter((instance) => instance.service === service)
    for (const name of new Set(instances.map((instance) => instance.host))) {
      const host = name === localHost ? thisHost : plan.hosts?.[name]
      const side = sides.find((one) =>
        one?.specs === undefined ? one !== null : Object.hasOwn(one.specs, name),
      )
      if (host !== undefined && side !== undefined && side !== null)
        await world.target(specOn(side, name).target, { service, host }).retrace?.(context)
    }
  }
}
