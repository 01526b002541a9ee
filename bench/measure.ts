/** Whole-process runs, measured: the least and the middle time of several, with the baseline run in between. */
import { spawnSync, type SpawnSyncReturns } from 'node:child_process'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'

export const cli = join(import.meta.dirname, '..', 'dist', 'deployctl.cjs')

export interface Command {
  readonly program: string
  readonly words: readonly string[]
  readonly directory: string
  readonly env?: Readonly<Record<string, string>>
  /** Exit codes that are fine; 0 unless given. */
  readonly exits?: readonly number[]
}

export interface Times {
  readonly minMs: number
  readonly medianMs: number
}

/** One line of the table. */
export interface Row {
  readonly what: string
  readonly ours: string
  readonly baseline: string
  readonly goal: string
  /** `met` and `missed` are for goals, `–` for what has none. */
  readonly verdict: 'met' | 'missed' | '–'
}

/** Ours, with the user's cache folder inside the folder, so that a bench begins with none. */
export function ourCommand(words: readonly string[], directory: string): Command {
  const env = { XDG_CACHE_HOME: userCacheIn(directory) }
  return { program: process.execPath, words: [cli, ...words], directory, env }
}

export function userCacheIn(directory: string): string {
  return join(directory, 'user-cache')
}

/** Times several commands in turns, so that a slow moment of the machine hits all of them. */
export function measureInTurns(commands: readonly Command[], runs: number, warmUps = 1): readonly Times[] {
  const taken = commands.map((): number[] => [])
  for (let round = -warmUps; round < runs; round++) {
    for (const [index, command] of commands.entries()) {
      const ms = time(command)
      if (round >= 0) taken[index]?.push(ms)
    }
  }
  return taken.map(summary)
}

export function summary(taken: readonly number[]): Times {
  const sorted = [...taken].sort((a, b) => a - b)
  return { minMs: sorted[0] ?? NaN, medianMs: sorted[Math.floor(sorted.length / 2)] ?? NaN }
}

/** Milliseconds that one run takes. */
export function time(command: Command): number {
  const begun = performance.now()
  const result = run(command)
  const ms = performance.now() - begun
  if (!(command.exits ?? [0]).includes(result.status ?? -1)) {
    const line = [command.program, ...command.words].join(' ')
    throw new Error(
      `${line} ended with ${result.status ?? result.signal ?? '?'}:\n${result.stdout}${result.stderr}`,
    )
  }
  return ms
}

export function run(command: Command): SpawnSyncReturns<string> {
  return spawnSync(command.program, command.words, {
    cwd: command.directory,
    env: { ...process.env, ...command.env },
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
  })
}

/** A line that compares the least times: what a machine can do when nothing disturbs it. */
export function ratioRow(what: string, ours: Times, baseline: Times, beside: string, most: number): Row {
  const ratio = ours.minMs / baseline.minMs
  return {
    what,
    ours: `${show(ours)} = ${ratio.toFixed(2)} ×`,
    baseline: `${beside} ${show(baseline)}`,
    goal: `≤ ${most} ×`,
    verdict: ratio <= most ? 'met' : 'missed',
  }
}

/** Seconds or milliseconds: the least time, and the middle one. */
export function show({ minMs, medianMs }: Times): string {
  return minMs < 1000
    ? `${minMs.toFixed(0)} ms (${medianMs.toFixed(0)})`
    : `${(minMs / 1000).toFixed(2)} s (${(medianMs / 1000).toFixed(2)})`
}
