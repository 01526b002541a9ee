/** What tests of sources work with: real folders, the real shell, and a clock that naps instead of sleeping. */
import { systemClock } from '../../../src/drivers/system/system-clock.js'
import type { Ports } from '../../../src/model/ports.js'
import { driverPorts } from '../../contract/driver-ports.js'

export interface SourceBench {
  readonly folder: string
  readonly ports: Ports
  /** Lets time pass for whoever asks the clock. */
  pass(ms: number): void
  end(): Promise<void>
}

export interface BenchParts {
  readonly env?: { readonly [name: string]: string }
  readonly secrets?: { readonly [name: string]: string }
}

export async function beginBench({ env = {}, secrets = {} }: BenchParts = {}): Promise<SourceBench> {
  const ports = await driverPorts(secrets)
  const folder = ports.projectDirectory
  let passedMs = 0
  const clock: Ports['clock'] = {
    now: () => new Date(Date.now() + passedMs),
    monotonicMs: () => systemClock.monotonicMs() + passedMs,
    // long enough to let others work, short enough that retries with pauses cost nothing
    sleep: (ms, signal) => systemClock.sleep(Math.min(ms, 2), signal),
  }
  return {
    folder,
    ports: { ...ports, clock, env: { HOME: folder, ...env } },
    pass: (ms) => {
      passedMs += ms
    },
    end: () => ports.remove(),
  }
}

/** Never aborted. */
export const calm = new AbortController().signal
