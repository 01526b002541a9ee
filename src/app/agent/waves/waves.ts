/**
 * Waves: the agents of several hosts that share a lease deploy a release one after the other, so many at once, canaries
 * first. Each asks here before it deploys, and tells the others here how a release does on its host. Repairs ask nobody:
 * what is broken has no turn to wait for.
 */
import { reportOf } from '../../../base/deploy-error.js'
import type { WavesConfig } from '../../../model/agent.js'
import type { RecordedState } from '../../../model/state.js'
import type { World } from '../../world.js'
import type { Logbook } from '../logbook.js'
import type { SaidOnce } from '../said-once.js'
import { crowdedBy, hasSlot, waitsFor, withSlot, withWord, type WaveRules, type Wish } from './board-laws.js'
import type { Board, HostWord, Slot } from './board.js'
import { holdSlot, type HeldSlot } from './held-slot.js'
import { hostWord, saysTheSame } from './host-word.js'
import { sharedBoard } from './shared-board.js'
import { createSightings } from './sightings.js'

export interface Admission {
  /** Taken when anything may begin; to be left in any case. */
  readonly slot: HeldSlot | null
  /** Why the others may not, by service. */
  readonly waiting: ReadonlyMap<string, string>
}

export interface Waves {
  admit(wishes: readonly Wish[], signal: AbortSignal): Promise<Admission>
  /** Tells the others what there is to tell. What goes wrong is said, and tried again later. */
  tell(state: RecordedState | null, sound: ReadonlySet<string>, signal: AbortSignal): Promise<void>
  readonly host: string
  readonly isCanary: boolean
}

/** What the others were told is looked at again, should somebody have removed it. */
const lookAgainMs = 5 * 60_000
const afterTroubleMs = 30_000

export function createWaves(
  world: World,
  config: WavesConfig,
  { book, said }: { readonly book: Logbook; readonly said: SaidOnce },
): Waves {
  const { clock, machine } = world
  const board = sharedBoard(world.lease(config.lease), clock, () => world.random())
  const host = config.host ?? machine.hostName
  const rules: WaveRules = { host, canaries: config.canaries, maxParallel: config.maxParallel }
  const isCanary = config.canaries.includes(host)
  const sightings = createSightings()
  const see = (now: Board): ((slot: Slot) => boolean) => {
    const nowMs = clock.monotonicMs()
    sightings.see(now, nowMs)
    return (slot) => sightings.isDead(slot, nowMs)
  }
  let told: HostWord | null = null
  let nextTellingMs = 0

  const take = async (wishes: readonly Wish[], signal: AbortSignal): Promise<Admission> => {
    const token = world.randomHex(16)
    let waiting = new Map<string, string>()
    let taken: { readonly slot: Slot; readonly atMs: number } | null = null
    await board.change((now) => {
      const isDead = see(now)
      if (taken !== null && hasSlot(now, token)) return null // written, and not known to be
      taken = null
      waiting = new Map(
        wishes.flatMap((wish) => {
          const reason = waitsFor(now, wish, rules)
          return reason === null ? [] : [[wish.service, reason] as const]
        }),
      )
      const services = wishes.map(({ service }) => service).filter((service) => !waiting.has(service))
      if (services.length === 0) return null
      const crowd = crowdedBy(now, rules, isDead)
      if (crowd !== null) {
        for (const service of services) waiting.set(service, crowd)
        return null
      }
      const since = clock.now().toISOString()
      const slot = { host, token, beat: 0, expiryMs: config.expiryMs, since, services }
      taken = { slot, atMs: clock.monotonicMs() }
      return withSlot(now, slot, isDead)
    }, signal)
    return { slot: heldOf(taken), waiting }
  }
  const heldOf = (taken: { readonly slot: Slot; readonly atMs: number } | null): HeldSlot | null =>
    taken === null ? null : holdSlot(board, taken.slot, taken.atMs, clock)

  return {
    host,
    isCanary,
    async admit(wishes, signal) {
      try {
        const admission = await take(wishes, signal)
        said.forget('lease')
        return admission
      } catch (error) {
        if (signal.aborted) throw error
        const reason = `the lease of the agents cannot be used: ${reportOf(error).message}`
        return { slot: null, waiting: new Map(wishes.map(({ service }) => [service, reason])) }
      }
    },
    async tell(state, sound, signal) {
      const facts = { state, sound, isCanary, soakMs: config.soakMs, now: clock.now() }
      const nowMs = clock.monotonicMs()
      const isTold = told !== null && saysTheSame(told, hostWord(facts, told))
      if (nowMs < nextTellingMs && (isTold || told === null)) return
      try {
        await board.change((now) => {
          see(now)
          const there = now.hosts[host] ?? null
          told = hostWord(facts, there)
          return saysTheSame(there, told) ? null : withWord(now, host, told)
        }, signal)
        nextTellingMs = nowMs + lookAgainMs
        said.forget('lease')
      } catch (error) {
        if (signal.aborted) throw error
        told = null
        nextTellingMs = nowMs + afterTroubleMs
        const report = reportOf(error)
        const text = `the other hosts cannot be told how releases do here: ${report.message}`
        if (said.isNews('lease', text)) book.log('warn', text, { error: report })
      }
    },
  }
}
