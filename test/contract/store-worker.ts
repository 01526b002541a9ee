/**
 * Another process at the same store, for the contract of state stores: it is told what to do by its arguments, says on
 * standard output what came of it, and can be killed at any moment.
 */
import { rm, writeFile } from 'node:fs/promises'
import { exitCodeOf } from '../../src/base/deploy-error.js'
import type { RecordedState } from '../../src/model/state.js'
import type { StateStore } from '../../src/model/state-store.js'

const never = new AbortController().signal
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

export type WorkerJob =
  /** Takes the lock, makes the guard file (which must not be there), removes it, lets go; `rounds` times. */
  | { readonly job: 'race'; readonly guard: string; readonly rounds: number; readonly waitMs: number }
  /** Takes the lock and keeps it until it is killed. */
  | { readonly job: 'hold'; readonly waitMs: number }
  /** Writes the state if the serial is the expected one. */
  | { readonly job: 'write'; readonly expected: number | null; readonly next: RecordedState }

export async function runWorker(store: StateStore, environment: string, job: WorkerJob): Promise<void> {
  try {
    process.stdout.write(`${await jobs(store, environment, job)}\n`)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    process.stdout.write(`${code}\n`)
    process.exitCode = exitCodeOf(error)
  }
}

async function jobs(store: StateStore, environment: string, job: WorkerJob): Promise<string> {
  if (job.job === 'write') {
    await store.writeIf(job.expected, job.next)
    return 'written'
  }
  const request = { operation: job.job, by: 'worker', waitMs: job.waitMs }
  if (job.job === 'hold') {
    const lock = await store.lock(environment, request, never)
    process.stdout.write(`held ${lock.id}\n`)
    for (;;) await pause(1000)
  }
  for (let round = 0; round < job.rounds; round++) {
    const lock = await store.lock(environment, request, never)
    await writeFile(job.guard, `${process.pid}`, { flag: 'wx' })
    await pause(2)
    await rm(job.guard)
    await lock.release()
  }
  return 'alone each time'
}
