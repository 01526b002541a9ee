/**
 * The agent of one environment: a loop that never ends by itself. Each turn stands alone and starts from the state, so
 * that nothing is lost when the process is killed; whatever goes wrong in one turn is said, and the next one comes.
 */
import { reportOf } from '../../base/deploy-error.js'
import type { AgentDesk, Decision, Pause, RunningAgent } from '../../model/agent.js'
import { approveChanges } from '../change-approvals.js'
import { showHistory } from '../show-history.js'
import { showStatus } from '../show-status.js'
import type { World } from '../world.js'
import type { AgentContext } from './agent-context.js'
import { endWithAgent } from './end-with-agent.js'
import { agentRound } from './agent-round.js'
import { createAppOutput } from './app-output.js'
import { createWatch, type Watch } from './ask-sources.js'
import { logKeeper } from './last-log.js'
import { createLogbook } from './logbook.js'
import { createMetrics } from './metrics.js'
import { metricsText } from './metrics-text.js'
import { openOutbox } from './outbox.js'
import { readPause, writePause } from './pause.js'
import { createRhythm } from './rhythm.js'
import { createRunningView } from './running-view.js'
import { createSaidOnce } from './said-once.js'
import { createSetbacks } from './setbacks.js'
import { createWaves } from './waves/waves.js'

/** Deployments in a report. */
const shownHistory = 20
/** A turn that takes longer without deploying anything hangs. */
const longestTurnMs = 10 * 60_000

export async function runAgent(
  world: World,
  desk: AgentDesk,
  signal: AbortSignal,
): Promise<'stopped' | 'reload'> {
  const loop = await openLoop(named(world), desk, signal)
  const served = await desk.serve(loop.agent)
  try {
    await loop.run()
    if (loop.ending() === 'reload') return 'reload'
    await loop.end()
    return 'stopped'
  } finally {
    await served.close()
    await loop.close()
  }
}

/** In locks, history and notifications it is the agent who did it. */
function named(world: World): World {
  return { ...world, machine: { ...world.machine, user: 'agent' } }
}

interface Loop {
  readonly agent: RunningAgent
  run(): Promise<void>
  ending(): 'reload' | null
  /** What is to end with the agent does. */
  end(): Promise<void>
  close(): Promise<void>
}

async function openLoop(world: World, desk: AgentDesk, signal: AbortSignal): Promise<Loop> {
  const { clock } = world
  const book = createLogbook(world, (line) => desk.write(line))
  const output = createAppOutput(world, book)
  const keepLog = logKeeper(desk.memory, () => book.lines())
  const outboxEnd = new AbortController()
  const warn = (message: string): void => book.log('warn', message)
  const outbox = await openOutbox(world, desk.memory, warn, outboxEnd.signal)
  const running = createRunningView(() => book.changed())
  const said = createSaidOnce()
  const { waves } = world.config.agent
  const context: AgentContext = {
    world,
    book,
    outbox,
    metrics: createMetrics(),
    said,
    waves: waves === null ? null : createWaves(world, waves, { book, said }),
    sound: new Set(),
    setbacks: createSetbacks(),
    running,
    decisions: new Map<string, Decision>(),
    signal,
  }
  const used = new Set(Object.values(world.config.services).map(({ source }) => source))
  const intervals = Object.entries(world.config.agent.intervalsMs).filter(([source]) => used.has(source))
  const watch = createWatch(createRhythm(Object.fromEntries(intervals), () => world.random()))
  const startedAt = clock.now().toISOString()
  let pause = await readPause(desk.memory)
  let ending: 'reload' | null = null
  /** Somebody wants every source to be asked: also when that was said in the middle of a turn. */
  let isWanted = false
  let wake = new AbortController()
  const wakeUp = (): void => wake.abort()
  signal.addEventListener('abort', wakeUp)
  let lastPoll: Date | null = null
  let turnSinceMs: number | null = null

  const turn = async (): Promise<void> => {
    turnSinceMs = clock.monotonicMs()
    try {
      if (pause === null) {
        await agentRound(context, watch)
        lastPoll = clock.now()
      }
    } catch (error) {
      if (!signal.aborted) sayTrouble(context, error)
      settleDue(watch, clock.monotonicMs())
    } finally {
      turnSinceMs = null
      book.changed()
      await output.update().catch(() => undefined) // tried again after the next turn
      await keepLog()
    }
  }
  const changePause = async (next: Pause | null): Promise<void> => {
    pause = next
    await writePause(desk.memory, next)
    book.log('info', next === null ? 'goes on' : `paused by ${next.by}: ${next.reason}`)
    wakeUp()
  }
  const nextPollAt = (): string | null => {
    if (pause !== null) return null
    return new Date(clock.now().getTime() + watch.rhythm.untilNextMs(clock.monotonicMs())).toISOString()
  }
  const agent: RunningAgent = {
    async report() {
      const [status, history] = await Promise.all([
        showStatus(world, signal),
        showHistory(world, shownHistory),
      ])
      return world.secrets.maskAll({ agent: agent.snapshot(), status, history })
    },
    snapshot: () => ({
      pid: world.machine.pid,
      startedAt,
      version: desk.version,
      mode: world.config.agent.mode,
      pause,
      lastPollAt: lastPoll?.toISOString() ?? null,
      nextPollAt: nextPollAt(),
      outages: [...watch.outages.values()],
      decisions: [...context.decisions.values()],
      running: running.now(),
      undelivered: outbox.waiting(),
      waves: context.waves === null ? null : { host: context.waves.host, isCanary: context.waves.isCanary },
    }),
    metrics: () => metricsText(context, { version: desk.version, pause, lastPoll }),
    logs: () => book.lines(),
    follow: (listener) => book.follow(listener),
    check() {
      isWanted = true
      wakeUp()
    },
    pause: (given) => changePause({ ...given, at: clock.now().toISOString() }),
    resume: () => changePause(null),
    async approve(word) {
      const approved = await approveChanges(world, word)
      isWanted = true
      wakeUp()
      return { approved }
    },
    reload() {
      ending = 'reload'
      wakeUp()
    },
    isAlive() {
      const busyMs = turnSinceMs === null ? 0 : clock.monotonicMs() - turnSinceMs
      return busyMs < longestTurnMs || running.now() !== null
    },
  }
  return {
    agent,
    ending: () => ending,
    end: () =>
      endWithAgent(world, (service, trouble) =>
        book.log(
          trouble === null ? 'info' : 'error',
          `${service} ${trouble === null ? 'has ended with the agent' : `could not be ended: ${trouble}`}`,
          { service },
        ),
      ),
    async run() {
      const { mode } = world.config.agent
      book.log('info', 'the agent has started', { version: desk.version, pid: world.machine.pid, mode })
      if (pause !== null) book.log('warn', `paused by ${pause.by}: ${pause.reason}`)
      while (!signal.aborted && ending === null) {
        if (isWanted) watch.rhythm.hurry()
        isWanted = false
        await turn()
        await clock.sleep(waitMs(watch, pause, clock.monotonicMs()), wake.signal)
        wake = new AbortController()
      }
      book.log(
        'info',
        ending === 'reload' ? 'deploy.yaml is read again' : 'the agent ends; what runs goes on',
      )
    },
    async close() {
      signal.removeEventListener('abort', wakeUp)
      output.close()
      const patience = new AbortController()
      const over = clock.sleep(closingMs, patience.signal).then(() => outboxEnd.abort())
      if (outbox.waiting() > 0) await Promise.race([outbox.settle(), over])
      outboxEnd.abort()
      patience.abort()
      await outbox.settle()
      await keepLog()
    },
  }
}

/** What notifications get at the end; those that are left are delivered by the next agent. */
const closingMs = 3000
/** Whatever the clock says, never a busy loop. */
const shortestWaitMs = 100
const pausedWaitMs = 60_000

function waitMs({ rhythm }: Watch, pause: Pause | null, nowMs: number): number {
  return pause === null ? Math.max(shortestWaitMs, rhythm.untilNextMs(nowMs)) : pausedWaitMs
}

/** A turn that broke off leaves its sources for the next interval. */
function settleDue({ rhythm }: Watch, nowMs: number): void {
  for (const source of rhythm.due(nowMs)) rhythm.failed(source, nowMs)
}

function sayTrouble({ book, said }: AgentContext, error: unknown): void {
  const report = reportOf(error)
  if (said.isNews('turn', report.message)) book.log('error', report.message, { error: report })
}
