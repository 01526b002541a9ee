/**
 * One generation of an instance: its workers, all with the same sockets. One that serves is kept up: a worker that ends is
 * started again, ever later; ended too often, the generation is given up. A trial is not kept up, since its end is its verdict.
 */
import type { Clock } from '../../../../model/clock.js'
import { startWorker, type Worker } from '../../../system/start-worker.js'
import type { HeldSockets } from './held-sockets.js'
import { openOutput } from './log-file.js'
import type { GenerationStatus, Recipe, Role, Settings } from './protocol.js'
import { backOffMs, crashesWithin, sayEnd, sayGivenUp } from './restart-rules.js'
import { workerCommand, workerVariables } from './worker-command.js'

export interface Generation {
  readonly recipe: Recipe
  status(): GenerationStatus
  role(): Role
  /** It has the real sockets from the start; from now on it is kept up. */
  promote(): void
  update(settings: Settings): void
  /** Resolves when the first worker ends by itself, with how. */
  readonly firstEnd: Promise<string>
  /** Asks it to end and kills what has not in time; resolves when nothing of it is left. */
  end(): Promise<void>
}

export interface GenerationDeps {
  readonly clock: Clock
  readonly random: () => number
  readonly number: number
  readonly onChange: () => void
  readonly onGivenUp: (reason: string) => void
}

interface Slot {
  readonly worker: number
  running: Worker | null
}

export async function startGeneration(
  initial: Recipe,
  begins: 'trial' | 'coming',
  sockets: HeldSockets,
  deps: GenerationDeps,
): Promise<Generation> {
  const { clock } = deps
  let recipe = initial
  let role: Role = begins
  let ended: string | null = null
  let restarts = 0
  let crashes: readonly number[] = []
  const leaving = new AbortController()
  const isLeaving = (): boolean => leaving.signal.aborted
  const slots = Array.from({ length: recipe.workers }, (_, index): Slot => ({
    worker: index + 1,
    running: null,
  }))
  let sayFirstEnd: (how: string) => void = () => undefined
  const firstEnd = new Promise<string>((resolve) => (sayFirstEnd = resolve))

  async function run(slot: Slot): Promise<void> {
    const output = await openOutput(recipe.logFile)
    try {
      const worker = await startWorker({
        command: workerCommand(recipe),
        directory: recipe.directory,
        env: workerVariables(recipe, sockets.listen, {
          number: deps.number,
          isTrial: begins === 'trial',
          worker: slot.worker,
        }),
        output: output.fd,
        sockets: sockets.fds,
      })
      slot.running = worker
      const startedMs = clock.monotonicMs()
      void worker.ended.then((how) => afterEnd(slot, worker, sayEnd(how, clock.monotonicMs() - startedMs)))
    } finally {
      output.close()
    }
    deps.onChange()
  }

  async function afterEnd(slot: Slot, worker: Worker, how: string): Promise<void> {
    if (isLeaving()) return
    sayFirstEnd(how)
    await worker.end('SIGTERM', 0) // what it left behind has the sockets still
    slot.running = null
    if (role !== 'serving') {
      ended ??= how
      return deps.onChange()
    }
    await startAgain(slot, how)
  }

  async function startAgain(slot: Slot, how: string): Promise<void> {
    const { restarts: rule } = recipe.settings
    const nowMs = clock.monotonicMs()
    crashes = crashesWithin([...crashes, nowMs], nowMs, rule.withinMs)
    if (crashes.length > rule.limit && ended === null) {
      ended = sayGivenUp(crashes.length, rule.withinMs, how)
      deps.onGivenUp(ended)
    }
    deps.onChange()
    await clock.sleep(backOffMs(crashes.length, deps.random()), leaving.signal)
    if (isLeaving()) return
    restarts++
    await run(slot).catch((error: unknown) => startAgain(slot, String(error)))
  }

  /** Given up is no last word where nothing else could take its place. */
  function hasRecovered(): boolean {
    const nowMs = clock.monotonicMs()
    if (role !== 'serving' || slots.some(({ running }) => running === null)) return false
    if (crashesWithin(crashes, nowMs, recipe.settings.restarts.withinMs).length > 0) return false
    ended = null
    return true
  }

  const generation: Generation = {
    get recipe() {
      return recipe
    },
    firstEnd,
    role: () => role,
    status: () => ({
      name: recipe.name,
      role,
      workers: slots.flatMap(({ running }) =>
        running === null ? [] : [{ pid: running.pid, startedAt: running.startedAt }],
      ),
      restarts,
      ended: hasRecovered() ? null : ended,
      address: sockets.address,
      socket: sockets.socket,
    }),
    promote() {
      role = 'serving'
      deps.onChange()
    },
    update(settings) {
      recipe = { ...recipe, settings }
    },
    async end() {
      role = role === 'trial' ? 'trial' : 'leaving'
      leaving.abort()
      deps.onChange()
      const { stopSignal, stopTimeoutMs } = recipe.settings
      await Promise.all(
        slots.map(async (slot) => {
          await slot.running?.end(`SIG${stopSignal}` as NodeJS.Signals, stopTimeoutMs) // the schema lists them
          slot.running = null
        }),
      )
      deps.onChange()
    },
  }
  try {
    await Promise.all(slots.map(run))
  } catch (error) {
    await generation.end()
    throw error
  }
  return generation
}
