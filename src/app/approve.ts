/** A person's yes, to whatever waits for it: a step of a deployment that runs, or a change that the agent found. */
import type { ApproveRequest, Approved } from './requests.js'
import { approveStep } from './a-persons-mark.js'
import { approveChanges, isWaiting } from './change-approvals.js'
import type { World } from './world.js'

export async function approve(world: World, request: ApproveRequest, signal: AbortSignal): Promise<Approved> {
  if (await isAboutChange(world, request)) {
    const { deployment: what, reason } = request
    return { kind: 'changes', changes: await approveChanges(world, { what, reason }) }
  }
  return { kind: 'step', ...(await approveStep(world, request, signal)) }
}

/** A deployment that is under way is meant before what has not begun, and a service is no deployment. */
async function isAboutChange(world: World, { deployment: word, step }: ApproveRequest): Promise<boolean> {
  const { store, config } = world
  if (step !== null) return false
  const unfinished = await store.unfinished(config.environment)
  const waits = (await store.readMarks(config.environment)).filter(isWaiting)
  if (word === null) return unfinished.length === 0 && waits.length > 0
  if (unfinished.some((id) => id.startsWith(word))) return false
  return waits.length > 0 || config.services[word] !== undefined
}
