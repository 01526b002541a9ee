/** An agent in memory over a project that a test changes between its polls, on a clock that it turns. */
import { runAgent } from '../../src/app/agent/run-agent.js'
import type { World } from '../../src/app/world.js'
import type { AgentDesk, LogLine, RunningAgent } from '../../src/model/agent.js'
import type { Notification } from '../../src/model/notifier.js'
import type { Clock } from '../../src/model/clock.js'
import type { memoryProject } from './memory-project.js'

type Project = ReturnType<typeof memoryProject>

export interface MemoryAgent {
  readonly agent: RunningAgent
  readonly lines: LogLine[]
  /** The messages of the log, without those of single steps. */
  said(): readonly string[]
  /** Lets so much time pass, with every poll that falls into it. */
  pass(ms: number): Promise<void>
  stop(): Promise<'stopped' | 'reload'>
}

/** What outlives the agent: its files, and the time. */
export interface MemoryMachine {
  readonly files: Map<string, string>
  nowMs: number
  /** Ids are never given twice. */
  ids: number
}

export const machine = (at = '2026-01-05T10:00:00Z'): MemoryMachine => ({
  files: new Map(),
  nowMs: Date.parse(at),
  ids: 0,
})

export async function startAgent(
  project: Project,
  own: MemoryMachine,
  changes: (world: World) => Partial<World> = () => ({}),
): Promise<MemoryAgent> {
  const clock = steppedClock(own)
  const lines: LogLine[] = []
  const stop = new AbortController()
  const live = (): World => project.world()
  const first = live()
  // the project's world is made anew for each look, so that what a test changes is seen
  const base: World = {
    ...first,
    clock: clock.clock,
    source: (name, spec) => live().source(name, spec),
    check: (spec) => live().check(spec),
    randomHex: (digits) => (++own.ids).toString(16).padStart(digits, 'a'),
  }
  const world: World = { ...base, ...changes(base) }
  let served: RunningAgent | null = null
  const desk: AgentDesk = {
    version: '0.1.0',
    memory: {
      read: async (name) => own.files.get(name) ?? null,
      write: async (name, text) => void own.files.set(name, text),
    },
    write: (line) => void lines.push(line),
    async serve(agent) {
      served = agent
      return { close: () => Promise.resolve() }
    },
  }
  const ended = runAgent(world, desk, stop.signal)
  await clock.settle()
  return {
    get agent() {
      if (served === null) throw new Error('the agent does not serve')
      return served
    },
    lines,
    said: () => lines.filter((line) => line['event'] === undefined).map(({ msg }) => msg),
    pass: (ms) => clock.pass(ms),
    async stop() {
      stop.abort(new Error('SIGTERM'))
      const timer = setInterval(() => void clock.pass(1000), 1)
      try {
        return await ended
      } finally {
        clearInterval(timer)
      }
    },
  }
}

export function recorder(into: Notification[], isDown: () => boolean = () => false) {
  return {
    notify: async (notification: Notification) => {
      if (isDown()) {
        const { DeployError } = await import('../../src/base/deploy-error.js')
        throw new DeployError('NOTIFY_FAILED', 'nobody answers')
      }
      into.push(notification)
    },
  }
}

interface Sleeper {
  readonly atMs: number
  readonly wake: () => void
}

/** Stands still until it is told to go on; then sleepers wake in their order. */
function steppedClock(own: MemoryMachine): {
  readonly clock: Clock
  pass(ms: number): Promise<void>
  settle(): Promise<void>
} {
  const startMs = own.nowMs
  const sleepers = new Set<Sleeper>()
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 40; turn++) await new Promise((resolve) => setImmediate(resolve))
  }
  return {
    clock: {
      now: () => new Date(own.nowMs),
      monotonicMs: () => own.nowMs - startMs,
      sleep: (ms, signal) =>
        new Promise((resolve) => {
          if (signal?.aborted === true) return resolve()
          const sleeper: Sleeper = {
            atMs: own.nowMs + ms,
            wake() {
              sleepers.delete(sleeper)
              signal?.removeEventListener('abort', sleeper.wake)
              resolve()
            },
          }
          sleepers.add(sleeper)
          signal?.addEventListener('abort', sleeper.wake)
        }),
    },
    async pass(ms) {
      const endMs = own.nowMs + ms
      await settle()
      for (;;) {
        const [next] = [...sleepers].sort((a, b) => a.atMs - b.atMs)
        if (next === undefined || next.atMs > endMs) break
        own.nowMs = Math.max(own.nowMs, next.atMs)
        next.wake()
        await settle()
      }
      own.nowMs = endMs
    },
    settle,
  }
}
