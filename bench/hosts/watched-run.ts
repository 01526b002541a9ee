/**
 * One run of a program from its start to its end: how long it took, what it cost this machine's processors, and how much
 * memory it had at its highest, with everything it started. The hosts are other processes and do not count.
 */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { performance } from 'node:perf_hooks'

export interface Cost {
  readonly ms: number
  readonly cpuMs: number
  readonly peakBytes: number
}

const lookEveryMs = 50
const msPerTick = 10
const pageBytes = 4096

export async function watchedRun(
  [program = '', ...words]: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<Cost> {
  const waitedBefore = ownChildrenTicks()
  const begun = performance.now()
  const child = spawn(program, words, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (bytes: Buffer) => (said += bytes.toString()))
  }
  let peakBytes = 0
  let alive: readonly Process[] = []
  const look = (): void => {
    const found = familyOf(child.pid ?? 0)
    if (found.length === 0) return
    alive = found
    peakBytes = Math.max(
      peakBytes,
      found.reduce((sum, { bytes }) => sum + bytes, 0),
    )
  }
  const looking = setInterval(look, lookEveryMs)
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve))
  const ms = performance.now() - begun
  clearInterval(looking)
  if (code !== 0) throw new Error(`${program} ended with ${code}:\n${said}`)
  // what nobody waited for, such as a connection that ends with its program, is known by the last look at it
  const orphans = alive.filter(({ pid }) => pid !== child.pid && isAlive(pid))
  const ticks = ownChildrenTicks() - waitedBefore + orphans.reduce((sum, one) => sum + one.ticks, 0)
  return { ms, cpuMs: ticks * msPerTick, peakBytes }
}

interface Process {
  readonly pid: number
  readonly ticks: number
  readonly bytes: number
}

function familyOf(pid: number): readonly Process[] {
  try {
    const fields = statOf(pid)
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
    const ticks = Number(fields[11]) + Number(fields[12])
    const own = { pid, ticks, bytes: Number(fields[21]) * pageBytes }
    return [own, ...(children === '' ? [] : children.split(' ').flatMap((each) => familyOf(Number(each))))]
  } catch {
    return [] // it has just ended
  }
}

function isAlive(pid: number): boolean {
  try {
    return statOf(pid).length > 0
  } catch {
    return false
  }
}

/** Of processes that this one has waited for, and those that they have waited for. */
function ownChildrenTicks(): number {
  const fields = statOf(process.pid)
  return Number(fields[13]) + Number(fields[14])
}

/** From the state on: names may hold spaces. */
function statOf(pid: number): readonly string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return text.slice(text.lastIndexOf(')') + 2).split(' ')
}
