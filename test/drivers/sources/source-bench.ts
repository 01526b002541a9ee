/** What tests of sources work with: real folders, the real shell, and a clock that naps instead of sleeping. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Ports } from '../../../src/model/ports.js'
import { systemShell } from '../../../src/drivers/system/system-shell.js'
import { systemClock } from '../../../src/drivers/system/system-clock.js'

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
  const folder = await mkdtemp(path.join(tmpdir(), 'deployctl-source-'))
  let passedMs = 0
  const ports: Ports = {
    clock: {
      now: () => new Date(Date.now() + passedMs),
      monotonicMs: () => systemClock.monotonicMs() + passedMs,
      // long enough to let others work, short enough that retries with pauses cost nothing
      sleep: (ms, signal) => systemClock.sleep(Math.min(ms, 2), signal),
    },
    shell: systemShell,
    secrets: {
      reveal: async (text) =>
        text.replace(/\$\{secret\.([A-Z_]+)\}/g, (_, name: string) => secrets[name] ?? `no secret ${name}`),
      mask: (text) => text,
      maskAll: (data) => data,
    },
    projectDirectory: folder,
    cacheDirectory: path.join(folder, '.cache'),
    machine: { hostName: 'test', user: 'tester', pid: process.pid },
    env: { HOME: folder, ...env },
  }
  return {
    folder,
    ports,
    pass: (ms) => {
      passedMs += ms
    },
    end: () => rm(folder, { recursive: true, force: true }),
  }
}

/** Never aborted. */
export const calm = new AbortController().signal
