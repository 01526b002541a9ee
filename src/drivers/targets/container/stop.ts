/** Stopping: out of the router for good, then the program's own time to end, then the container goes. Volumes stay. */
import { copyName, type Instance } from '../../../model/instance.js'
import type { OperationContext } from '../../../model/target.js'
import { inspectContainer, listOurs, nameIn } from './containers.js'
import { statusOf } from './engine/trouble.js'
import type { Place } from './place.js'

export async function stopInstance(
  place: Place,
  instance: Instance,
  context: OperationContext,
): Promise<void> {
  // before it stops: a freed address may be another container's at once
  await place.router?.forget(copyName(instance), context)
  for (const container of await listOurs(place, context.signal)) {
    if (nameIn(container) === copyName(instance)) await removeContainer(place, container.Id, context.signal)
  }
}

/** What the engine may take beside the program's own time. */
const allowanceMs = 60_000
const waits = { tries: 50, ms: 200 }

/** Gracefully; one that is gone already, or is going, is waited for. */
export async function removeContainer(place: Place, id: string, signal: AbortSignal): Promise<void> {
  const { engine, options, ports } = place
  const short = id.slice(0, 12)
  await engine.find(
    {
      doing: `stop the container ${short}`,
      method: 'POST',
      path: `/containers/${id}/stop`,
      query: { t: `${Math.ceil(options.stopTimeoutMs / 1000)}` },
      deadlineMs: options.stopTimeoutMs + allowanceMs,
      mayRepeat: true,
    },
    signal,
  )
  const question = {
    doing: `remove the container ${short}`,
    method: 'DELETE',
    path: `/containers/${id}`,
    query: { v: 'false', force: 'false' },
    deadlineMs: allowanceMs,
  } as const
  try {
    await engine.find(question, signal)
  } catch (error) {
    if (statusOf(error) !== 409) throw error
    // somebody else removes it just now
    for (let tries = 0; tries < waits.tries; tries++) {
      if ((await inspectContainer(place, id, signal)) === null) return
      await ports.clock.sleep(waits.ms, signal)
    }
    throw error
  }
}
