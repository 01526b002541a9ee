/**
 * Processes that a reload has replaced and that still finish what they have open: the new one does not count their
 * connections, so that a drain has to know of them.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ifThere } from '../../system/if-there.js'
import { isAlive, startOf } from '../../system/process-identity.js'
import { writeAtomically } from '../../system/write-atomically.js'

interface Predecessor {
  readonly pid: number
  readonly startedAt: string
}

/** Before the reload; a process that is not replaced after all is still the one that answers, and is not counted. */
export async function notePredecessor(folder: string, pid: number): Promise<void> {
  const startedAt = await startOf(pid)
  if (startedAt === null) return
  const others = (await living(folder)).filter((one) => one.pid !== pid)
  await writeAtomically(pathIn(folder), `${JSON.stringify([...others, { pid, startedAt }])}\n`)
}

/** `current`: the process that answers now. */
export async function hasLivingPredecessor(folder: string, current: number): Promise<boolean> {
  return (await living(folder)).some(({ pid }) => pid !== current)
}

async function living(folder: string): Promise<readonly Predecessor[]> {
  const text = await ifThere(readFile(pathIn(folder), 'utf8'))
  const noted = text === null ? [] : (JSON.parse(text) as readonly Predecessor[]) // written above, whole
  const alive = await Promise.all(noted.map((one) => isAlive(one.pid, one.startedAt)))
  return noted.filter((_, at) => alive[at])
}

function pathIn(folder: string): string {
  return join(folder, 'predecessors.json')
}
