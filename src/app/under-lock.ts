/** Takes the lock of an environment, and says whose it was when its holder had died. */
import { DeployError } from '../base/deploy-error.js'
import { showRecorded } from '../base/moment.js'
import type { HeldLock } from '../model/state-store.js'
import type { Execution } from './requests.js'
import { waitingSteps } from './waiting-steps.js'
import type { World } from './world.js'

/** `user@machine`: who did it, in records, locks and messages. */
export function whoIs(world: World): string {
  return `${world.machine.user}@${world.machine.hostName}`
}

export async function lockEnvironment(
  world: World,
  operation: string,
  { lockWaitMs, notice }: Pick<Execution, 'lockWaitMs' | 'notice'>,
  signal: AbortSignal,
): Promise<HeldLock> {
  const request = { operation, by: whoIs(world), waitMs: lockWaitMs }
  const lock = await world.store
    .lock(world.config.environment, request, signal)
    .catch(async (error: unknown) => {
      throw await orWaiting(world, error)
    })
  if (lock.tookOver !== null) {
    const { by, pid, host, operation: was, created } = lock.tookOver
    notice(
      `took over the lock of ${by} (${was}, process ${pid} on ${host}, since ${showRecorded(created)}): that process is gone`,
    )
  }
  return lock
}

/** A deployment that waits for a person would keep the next one waiting for long: what there is to say to it is said. */
async function orWaiting(world: World, error: unknown): Promise<unknown> {
  if (!(error instanceof DeployError) || error.code !== 'LOCKED') return error
  const { environment } = world.config
  const waiting = await waitingSteps(world, await world.store.unfinished(environment))
  if (waiting.length === 0) return error
  return new DeployError('LOCKED', error.message, {
    details: [...error.details, ...waiting.map(({ title }) => `it waits for a person: ${title}`)],
    hint: 'let it go on with `deployctl approve`, or end and undo it with `deployctl abort`; then try again',
    cause: error,
  })
}

/** Runs something short under the lock. */
export async function underLock<T>(world: World, operation: string, work: () => Promise<T>): Promise<T> {
  const quiet = { lockWaitMs: 0, notice: () => undefined }
  const lock = await lockEnvironment(world, operation, quiet, new AbortController().signal)
  try {
    return await work()
  } finally {
    await lock.release()
  }
}
