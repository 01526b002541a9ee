/**
 * Telling the notifiers, in the background: whatever they do, the deployment goes its way and its outcome is the same.
 *
 * Each notifier has a lane of its own, so that a slow one holds up nobody else and each hears of things in their order.
 * In a lane, what is newer goes first in one sense: nothing is tried again while something newer waits behind it, so
 * that an unreachable notifier which missed the start of a deployment still has all its time for the end of it.
 */
import type { Clock } from '../model/clock.js'
import type { Notification, Notifier } from '../model/notifier.js'
import type { NotificationEvent } from '../model/config.js'
import { DeliveryRefused } from '../model/notifier.js'
import { DeployError, reportOf } from '../base/deploy-error.js'
import { formatDuration } from '../base/duration.js'

/** A notifier and what it wants to hear of. */
export interface Listener {
  readonly name: string
  readonly events: readonly NotificationEvent[]
  readonly notifier: Notifier
}

export interface AnnouncerDeps {
  readonly clock: Clock
  /** 0–1, for the jitter. */
  readonly random: () => number
  /** For one try; 10 s unless given. */
  readonly timeLimitMs?: number
  /** For all tries of one notification, and for all that is left to do once `settle` is called; 30 s unless given. */
  readonly overallMs?: number
  /** 3 unless given. */
  readonly tries?: number
}

export interface FailedDelivery {
  readonly notifier: string
  readonly error: DeployError
}

export interface Announcer {
  /** Returns at once. */
  announce(notification: Notification): void
  /** Waits until everything announced is delivered or given up. What failed since it was last called; never throws. */
  settle(): Promise<readonly FailedDelivery[]>
}

/** Before the second try, at the most; each later one may take twice as long. */
const firstBackOffMs = 1000

export function createAnnouncer(listeners: readonly Listener[], deps: AnnouncerDeps): Announcer {
  const limits: Limits = {
    tryMs: deps.timeLimitMs ?? 10_000,
    overallMs: deps.overallMs ?? 30_000,
    tries: deps.tries ?? 3,
  }
  const lanes = listeners.map((listener) => ({ listener, lane: createLane(listener.notifier, deps, limits) }))
  return {
    announce(notification) {
      for (const { listener, lane } of lanes) {
        if (listener.events.includes(notification.event)) lane.add(notification)
      }
    },
    async settle() {
      const results = await Promise.all(
        lanes.map(async ({ listener, lane }) => {
          const errors = await lane.settle()
          return errors.map((error) => ({ notifier: listener.name, error }))
        }),
      )
      return results.flat()
    },
  }
}

interface Limits {
  readonly tryMs: number
  readonly overallMs: number
  readonly tries: number
}

interface Lane {
  add(notification: Notification): void
  settle(): Promise<readonly DeployError[]>
}

/** One notifier's queue: one delivery at a time, the oldest first. */
function createLane(notifier: Notifier, deps: AnnouncerDeps, limits: Limits): Lane {
  let last: Promise<void> = Promise.resolve()
  let newer = new AbortController()
  let giveUp = new AbortController()
  let errors: DeployError[] = []
  return {
    add(notification) {
      newer.abort()
      const overtaken = (newer = new AbortController()).signal
      const ended = giveUp.signal
      last = last.then(async () => {
        const error = await deliver(notifier, notification, { ...deps, limits, overtaken, ended })
        if (error !== null) errors.push(error)
      })
    },
    async settle() {
      const done = new AbortController()
      const ending = giveUp
      const deadline = deps.clock.sleep(limits.overallMs, done.signal).then(() => {
        if (!done.signal.aborted) ending.abort()
      })
      await last
      done.abort()
      await deadline
      if (ending.signal.aborted) giveUp = new AbortController()
      const failed = errors
      errors = []
      return failed
    },
  }
}

interface Delivery {
  readonly clock: Clock
  readonly random: () => number
  readonly limits: Limits
  /** Aborts when something newer waits for this notifier: no more tries then. */
  readonly overtaken: AbortSignal
  /** Aborts when nobody waits any longer. */
  readonly ended: AbortSignal
}

/** Tries until it is delivered, useless or too late. Null when it was delivered. */
async function deliver(
  notifier: Notifier,
  notification: Notification,
  delivery: Delivery,
): Promise<DeployError | null> {
  const { clock, limits, overtaken, ended } = delivery
  const startedMs = clock.monotonicMs()
  const leftMs = () => limits.overallMs - (clock.monotonicMs() - startedMs)
  let error: unknown = new DeployError('NOTIFY_FAILED', 'there was no time left for it')
  let tried = 0
  while (tried < limits.tries && leftMs() > 0 && !ended.aborted) {
    try {
      tried++
      await once(notifier, notification, Math.min(limits.tryMs, leftMs()), delivery)
      return null
    } catch (thrown) {
      error = thrown
    }
    const waitMs = waitBeforeNext(error, tried, delivery.random)
    if (waitMs === null || tried === limits.tries || waitMs >= leftMs() || overtaken.aborted) break
    const woken = AbortSignal.any([overtaken, ended])
    await clock.sleep(waitMs, woken)
    if (woken.aborted) break
  }
  return notDelivered(notification, error, tried)
}

/** One try within its time, also of a notifier that does not listen to its signal. */
async function once(
  notifier: Notifier,
  notification: Notification,
  limitMs: number,
  { clock, ended }: Delivery,
): Promise<void> {
  const done = new AbortController()
  const tooLate = new AbortController()
  const giveUp = clock.sleep(limitMs, AbortSignal.any([done.signal, ended])).then(() => tooLate.abort())
  const grace = giveUp
    .then(() => clock.sleep(graceMs, done.signal))
    .then(() => {
      throw new DeployError('NOTIFY_FAILED', `it gave no answer within ${formatDuration(limitMs)}`)
    })
  try {
    await Promise.race([notifier.notify(notification, tooLate.signal), grace])
  } finally {
    done.abort()
    await grace.catch(() => {})
  }
}

/** For a notifier to end by itself once its time is over, so that its own words are heard and its children are gone. */
const graceMs = 3000

/** Null when another try is useless. Exponential, with full jitter, and never sooner than the other side asked. */
function waitBeforeNext(error: unknown, tried: number, random: () => number): number | null {
  if (error instanceof DeployError && error.code !== 'NOTIFY_FAILED') return null
  const advice = error instanceof DeployError && error.cause instanceof DeliveryRefused ? error.cause : null
  if (advice?.retry === 'never') return null
  const backOffMs = firstBackOffMs * 2 ** (tried - 1) * (0.5 + random() / 2)
  return Math.max(backOffMs, advice?.retryAfterMs ?? 0)
}

function notDelivered(notification: Notification, error: unknown, tried: number): DeployError {
  const report = reportOf(error)
  const times = tried > 1 ? ` after ${tried} tries` : ''
  return new DeployError(
    'NOTIFY_FAILED',
    `"${notification.event}" was not delivered${times}: ${report.message}`,
    {
      ...(report.hint === undefined ? {} : { hint: report.hint }),
      details: report.details ?? [],
      cause: error,
    },
  )
}
