/** A process group: a command with everything it started, signalled and awaited as one. */
import { readdirSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { systemCodeOf } from '../../base/deploy-error.js'
import { readStat } from './process-identity.js'
import { systemClock } from './system-clock.js'

/** False when the group is gone. Processes in it that are not ours to signal are let be. */
export function signalGroup(group: number, signal: 'SIGTERM' | 'SIGKILL' | 'SIGCONT' | 0): boolean {
  try {
    process.kill(-group, signal)
    return true
  } catch (error) {
    return systemCodeOf(error) === 'EPERM'
  }
}

/** TERM, and CONT so that a stopped process can hear it. */
export function terminateGroup(group: number): boolean {
  return signalGroup(group, 'SIGTERM') && signalGroup(group, 'SIGCONT')
}

/** Waits until nothing of the group runs, at most so long; false when something still does. */
export async function groupIsGone(group: number, withinMs: number): Promise<boolean> {
  const end = performance.now() + withinMs
  for (let pauseMs = 2; ; pauseMs = Math.min(pauseMs * 2, 100)) {
    if (!isRunning(group)) return true
    const leftMs = end - performance.now()
    if (leftMs <= 0) return false
    await systemClock.sleep(Math.min(pauseMs, leftMs))
  }
}

/** Nobody collects the dead where a container has no init, so the dead do not count as running. */
function isRunning(group: number): boolean {
  if (!signalGroup(group, 0)) return false
  if (process.platform !== 'linux') return true
  return readdirSync('/proc').some((name) => {
    if (!/^[0-9]+$/.test(name)) return false
    const stat = readStat(name)
    return stat !== null && stat.group === group && !stat.isEnded
  })
}
