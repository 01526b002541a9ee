/**
 * Notifications of the agent. They wait here, on disk, until their notifier takes them: one that is down for an hour is
 * told afterwards, in order, also by the agent that was started in between.
 */
import { DeployError } from '../../base/deploy-error.js'
import type { AgentMemory } from '../../model/agent.js'
import { DeliveryRefused, type Notification } from '../../model/notifier.js'
import { createAnnouncer, type Listener } from '../announce.js'
import { listenersOf } from '../notifications.js'
import type { World } from '../world.js'

export interface Outbox {
  add(notification: Notification): void
  waiting(): number
  /** Waits until nothing is being delivered and what is left is on disk. */
  settle(): Promise<void>
}

interface Letter {
  readonly notifier: string
  readonly notification: Notification
}

const fileName = 'outbox.json'
const firstWaitMs = 15_000
const longestWaitMs = 15 * 60_000
const oldestMs = 24 * 3_600_000
/** Of each notifier; the oldest go first. */
const mostLetters = 200

export async function openOutbox(
  world: World,
  memory: AgentMemory,
  warn: (message: string) => void,
  signal: AbortSignal,
): Promise<Outbox> {
  const listeners = listenersOf(world)
  const letters = await lettersOf(memory, new Set(listeners.map(({ name }) => name)))
  let writing = Promise.resolve()
  const save = (): void => {
    writing = writing
      .then(() => memory.write(fileName, JSON.stringify(letters)))
      .catch((error: unknown) => {
        warn(`notifications that wait could not be written down: ${String(error)}`)
      })
  }
  const remove = (letter: Letter): void => {
    letters.splice(letters.indexOf(letter), 1)
    save()
  }
  const lanes = listeners.map((listener) => {
    let busy: Promise<void> | null = null
    const next = (): Letter | undefined => letters.find(({ notifier }) => notifier === listener.name)
    const post = (): void => {
      busy ??= deliverAll(world, listener, { next, remove, warn, signal }).finally(() => {
        busy = null
        if (next() !== undefined && !signal.aborted) post()
      })
    }
    return { listener, post, idle: () => busy ?? Promise.resolve() }
  })
  for (const { post } of lanes) post()
  return {
    add(notification) {
      for (const { listener, post } of lanes) {
        if (!listener.events.includes(notification.event)) continue
        const own = letters.filter(({ notifier }) => notifier === listener.name)
        const [oldest] = own
        if (own.length >= mostLetters && oldest !== undefined) letters.splice(letters.indexOf(oldest), 1)
        letters.push({ notifier: listener.name, notification })
        post()
      }
      save()
    },
    waiting: () => letters.length,
    async settle() {
      await Promise.all(lanes.map(({ idle }) => idle()))
      await writing
    },
  }
}

/** Those whose notifier is no longer in deploy.yaml go with it. */
async function lettersOf(memory: AgentMemory, known: ReadonlySet<string>): Promise<Letter[]> {
  try {
    const text = await memory.read(fileName)
    const letters = text === null ? [] : (JSON.parse(text) as Letter[]) // we wrote it
    return letters.filter(({ notifier }) => known.has(notifier))
  } catch {
    return [] // notifications are not worth an agent that does not start
  }
}

interface Round {
  readonly next: () => Letter | undefined
  readonly remove: (letter: Letter) => void
  readonly warn: (message: string) => void
  readonly signal: AbortSignal
}

/** The oldest first; while it is not taken, nothing newer goes before it. */
async function deliverAll(world: World, { name, notifier }: Listener, round: Round): Promise<void> {
  let failures = 0
  for (let letter = round.next(); letter !== undefined; letter = round.next()) {
    const error = await deliver(world, notifier, letter.notification)
    if (error === null || isUseless(error) || isTooOld(world, letter)) {
      if (error !== null) round.warn(`notifier "${name}" was not told: ${error.message}`)
      round.remove(letter)
      failures = 0
    } else {
      if (failures === 0) round.warn(`notifier "${name}" is told later: ${error.message}`)
      failures++
      const waitMs = Math.min(firstWaitMs * 2 ** (failures - 1), longestWaitMs)
      await world.clock.sleep(waitMs * (0.5 + world.random() / 2), round.signal)
    }
    if (round.signal.aborted) return
  }
}

async function deliver(
  world: World,
  notifier: Listener['notifier'],
  notification: Notification,
): Promise<DeployError | null> {
  const listener = { name: '', events: [notification.event], notifier }
  const announcer = createAnnouncer([listener], {
    clock: world.clock,
    random: () => world.random(),
    tries: 1,
  })
  announcer.announce(notification)
  const [failed] = await announcer.settle()
  return failed?.error ?? null
}

/** Another try would end no better: a wrong address, a secret that is not there. */
function isUseless({ cause }: DeployError): boolean {
  if (!(cause instanceof DeployError)) return false
  if (cause.code !== 'NOTIFY_FAILED') return true
  return cause.cause instanceof DeliveryRefused && cause.cause.retry === 'never'
}

function isTooOld(world: World, { notification }: Letter): boolean {
  return world.clock.now().getTime() - Date.parse(notification.at) > oldestMs
}
