/** Takes the lock of an environment, and says whose it was when its holder had died. */
import { showRecorded } from '../base/moment.js'
import type { HeldLock } from '../model/state-store.js'
import type { Execution } from './requests.js'
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
  const lock = await world.store.lock(world.config.environment, request, signal)
  if (lock.tookOver !== null) {
    const { by, pid, host, operation: was, created } = lock.tookOver
    notice(
      `took over the lock of ${by} (${was}, process ${pid} on ${host}, since ${showRecorded(created)}): that process is gone`,
    )
  }
  return lock
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
