/**
 * Which generation has the sockets, which is on trial, which is leaving; and what happens when one is given up. One thing
 * at a time: whatever is asked later ends the waiting of what was asked before it.
 */
import { stat } from 'node:fs/promises'
import type { Clock } from '../../../../model/clock.js'
import { DeployError } from '../../../../base/deploy-error.js'
import { startGeneration, type Generation } from './generation.js'
import { realSockets, trialSockets, type HeldSockets, type TrialSockets } from './held-sockets.js'
import type { LeftOvers } from './left-overs.js'
import { rotate } from './log-file.js'
import type { GenerationStatus, Recipe, StandIn } from './protocol.js'
import { mostGood, sayStandIn, standInHint } from './restart-rules.js'

export interface Supervisor {
  try(recipe: Recipe): Promise<void>
  serve(recipe: Recipe): Promise<void>
  rest(): Promise<void>
  stop(name: string): Promise<void>
  /** Throws DeployError TARGET_REFUSED while something runs. */
  quit(): Promise<void>
  /** Ends everything, then as `quit`. */
  endAll(): Promise<void>
  rotateLogs(): Promise<void>
  generations(): readonly GenerationStatus[]
  standIn(): StandIn | null
}

export interface SupervisorDeps {
  readonly clock: Clock
  readonly random: () => number
  /** For the sockets of trials. */
  readonly folder: string
  readonly leftOvers: LeftOvers
  readonly onChange: () => void
}

export function createSupervisor(deps: SupervisorDeps): Supervisor {
  const { clock, onChange } = deps
  const sockets = realSockets()
  let number = 0
  let serving: Generation | null = null
  let good: readonly Recipe[] = []
  let trial: { readonly generation: Generation; readonly sockets: TrialSockets } | null = null
  let coming: Generation | null = null
  const leaving = new Map<Generation, Promise<void>>()
  let standIn: StandIn | null = null

  let waiting = new AbortController()
  let tail: Promise<unknown> = Promise.resolve()
  function inTurn(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    waiting.abort()
    const { signal } = (waiting = new AbortController())
    return behind(() => work(signal))
  }
  function behind(work: () => Promise<void>): Promise<void> {
    const done = tail.then(work)
    tail = done.catch(() => undefined)
    return done
  }

  const start = (recipe: Recipe, role: 'trial' | 'coming', held: HeldSockets): Promise<Generation> => {
    const generation = startGeneration(recipe, role, held, {
      clock,
      random: deps.random,
      number: ++number,
      onChange,
      onGivenUp: (reason) => void behind(() => fallBack(recipe.name, reason)).catch(() => undefined),
    })
    return generation
  }

  function leave(generation: Generation): void {
    const gone = generation.end().finally(() => {
      leaving.delete(generation)
      onChange()
    })
    leaving.set(generation, gone)
  }

  async function endTrial(): Promise<void> {
    const there = trial
    trial = null
    await there?.generation.end()
    await there?.sockets.close()
    onChange()
  }

  /** The sockets go to a new generation, once that has been up for a while. */
  async function takeOver(recipe: Recipe, settleMs: number, signal: AbortSignal): Promise<void> {
    await deps.leftOvers.end(recipe.settings.stopTimeoutMs)
    const before = sockets.listens()
    try {
      await settle(recipe, settleMs, signal)
    } catch (error) {
      await sockets.keepOnly(before)
      throw error
    }
    await sockets.keepOnly(recipe.listen)
    onChange()
  }

  /** Beside the old one; if it does not stay up, or something else is asked for, that one has lost nothing. */
  async function settle(recipe: Recipe, settleMs: number, signal: AbortSignal): Promise<void> {
    const next = await start(recipe, 'coming', await sockets.have(recipe.listen))
    coming = next
    onChange()
    const over = new AbortController()
    const settled = clock.sleep(settleMs, AbortSignal.any([signal, over.signal])).then(() => null)
    const how = await Promise.race([next.firstEnd, settled])
    over.abort()
    coming = null
    if (how !== null || signal.aborted) {
      await next.end()
      onChange()
      throw how === null ? overtaken(recipe.name) : refused(`${recipe.name} did not stay up: ${how}.`)
    }
    next.promote()
    const old = serving
    serving = next
    if (old !== null) leave(old)
  }

  /** What serves now has served well, if it is still up. */
  function remember(generation: Generation | null): void {
    if (generation?.status().ended !== null) return
    good = [...good.filter(({ name }) => name !== generation.recipe.name), generation.recipe].slice(-mostGood)
  }

  /** What has served before serves again: at once, since nobody else does. */
  async function fallBack(name: string, reason: string): Promise<void> {
    if (serving?.recipe.name !== name) return
    const recipe = await lastStanding(good.filter((one) => one.name !== name))
    if (recipe === null) return
    await takeOver(recipe, 0, new AbortController().signal)
    good = upTo(good, recipe.name)
    standIn = { name, by: recipe.name, reason }
    onChange()
  }

  const isUp = (generation: Generation | null, name: string): generation is Generation =>
    generation !== null && generation.recipe.name === name && generation.status().ended === null

  return {
    try: (recipe) =>
      inTurn(async () => {
        if (standIn?.name === recipe.name) throw refused(sayStandIn(standIn), standInHint)
        if (isUp(serving, recipe.name) || isUp(trial?.generation ?? null, recipe.name)) return
        await endTrial()
        const held = await trialSockets(recipe.listen, deps.folder)
        try {
          // one worker shows what there is to see
          trial = { generation: await start({ ...recipe, workers: 1 }, 'trial', held), sockets: held }
        } catch (error) {
          await held.close()
          throw error
        }
        onChange()
      }),
    serve: (recipe) =>
      inTurn(async (signal) => {
        if (trial?.generation.recipe.name === recipe.name) await endTrial()
        if (standIn?.name === recipe.name) return
        if (isUp(serving, recipe.name)) return serving.update(recipe.settings)
        const before = serving
        await takeOver(recipe, recipe.settings.settleMs, signal)
        // going back to it means that what came after it was not good
        if (good.some(({ name }) => name === recipe.name)) good = upTo(good, recipe.name)
        else remember(before)
        standIn = null
      }),
    rest: () =>
      inTurn(() => {
        remember(serving)
        if (serving !== null) leave(serving)
        serving = null
        standIn = null
        onChange()
        return Promise.resolve()
      }),
    stop: (name) =>
      inTurn(async () => {
        if (standIn?.name === name) standIn = null
        if (trial?.generation.recipe.name === name) await endTrial()
        if (serving?.recipe.name === name) {
          leave(serving)
          serving = null
        }
        await Promise.all([...leaving].flatMap(([one, gone]) => (one.recipe.name === name ? [gone] : [])))
        await deps.leftOvers.endThoseOf(name)
        onChange()
      }),
    quit: () =>
      inTurn(async () => {
        if (serving !== null || trial !== null) throw refused('something runs')
        await Promise.all(leaving.values())
        await sockets.keepOnly([])
      }),
    endAll: () =>
      inTurn(async () => {
        await endTrial()
        if (serving !== null) leave(serving)
        serving = null
        await Promise.all(leaving.values())
        await sockets.keepOnly([])
      }),
    async rotateLogs() {
      const all = [serving, trial?.generation, coming, ...leaving.keys()]
      for (const generation of all) {
        if (generation) await rotate(generation.recipe.logFile, generation.recipe.settings.log)
      }
    },
    generations: () =>
      [trial?.generation, coming, serving, ...leaving.keys()].flatMap((one) => (one ? [one.status()] : [])),
    standIn: () => standIn,
  }
}

/** Those before it. */
function upTo(good: readonly Recipe[], name: string): readonly Recipe[] {
  return good.slice(0, good.map((one) => one.name).indexOf(name))
}

/** The last one whose release still lies there. */
async function lastStanding(good: readonly Recipe[]): Promise<Recipe | null> {
  for (const recipe of [...good].reverse()) {
    const there = await stat(recipe.directory).catch(() => null)
    if (there?.isDirectory() === true) return recipe
  }
  return null
}

function refused(message: string, hint?: string): DeployError {
  return new DeployError('TARGET_REFUSED', message, hint === undefined ? {} : { hint })
}

function overtaken(name: string): DeployError {
  return new DeployError('CANCELLED', `something else was asked for before ${name} had taken over.`)
}
