import { describe, expect, test } from 'vitest'
import type { Notification, Notifier } from '../../src/model/notifier.js'
import { createAnnouncer, type AnnouncerDeps } from '../../src/app/announce.js'
import { DeliveryRefused } from '../../src/model/notifier.js'
import { DeployError } from '../../src/base/deploy-error.js'
import { fakeClock } from '../support/fake-clock.js'
import { failed } from '../contract/notifier.contract.js'
import { notificationEvents, type NotificationEvent } from '../../src/model/config.js'

interface Heard {
  readonly event: NotificationEvent
  readonly atMs: number
}

function stage(
  behave: (event: NotificationEvent, signal: AbortSignal) => Promise<void>,
  deps: Partial<AnnouncerDeps> = {},
) {
  const clock = fakeClock()
  const heard: Heard[] = []
  const notifier: Notifier = {
    notify(notification, signal) {
      heard.push({ event: notification.event, atMs: clock.monotonicMs() })
      return behave(notification.event, signal)
    },
  }
  const announcer = createAnnouncer([{ name: 'team', events: notificationEvents, notifier }], {
    clock,
    random: () => 1,
    ...deps,
  })
  return { clock, heard, announcer }
}

const of = (event: NotificationEvent): Notification => ({ ...failed, event })
const unreachable = () =>
  Promise.reject(new DeployError('NOTIFY_FAILED', 'nobody there', { hint: 'look', details: ['x'] }))
/** Waits for its signal, and fails then, as every driver does. */
const hangs = (signal: AbortSignal) =>
  new Promise<void>((_, reject) => {
    signal.addEventListener('abort', () => reject(new DeployError('NOTIFY_FAILED', 'no answer in time')))
  })
const never = () => new Promise<void>(() => {})

describe('who hears what', () => {
  test('everybody what they asked for, in order, and nobody waits for another', async () => {
    const clock = fakeClock()
    const heard: string[] = []
    const listener = (name: string, events: readonly NotificationEvent[], delayMs: number) => ({
      name,
      events,
      notifier: {
        async notify({ event }: Notification) {
          await clock.sleep(delayMs)
          heard.push(`${name} ${event} ${clock.monotonicMs()}`)
        },
      },
    })
    const announcer = createAnnouncer(
      [listener('slow', ['started', 'failed'], 2000), listener('quick', notificationEvents, 10)],
      { clock, random: () => 0 },
    )
    announcer.announce(of('started'))
    announcer.announce(of('succeeded'))
    announcer.announce(of('failed'))
    expect(heard).toEqual([])
    expect(await announcer.settle()).toEqual([])
    expect(heard).toEqual([
      'quick started 10',
      'quick succeeded 20',
      'quick failed 30',
      'slow started 2000',
      'slow failed 4000',
    ])
  })

  test('nothing announced is settled at once', async () => {
    const { announcer, clock } = stage(async () => {})
    expect(await announcer.settle()).toEqual([])
    expect(clock.monotonicMs()).toBe(0)
  })
})

describe('trying again', () => {
  test('with growing waits, then giving up with the reason', async () => {
    const { announcer, heard } = stage(unreachable)
    announcer.announce(of('failed'))
    const failures = await announcer.settle()
    expect(heard.map((one) => one.atMs)).toEqual([0, 1000, 3000])
    expect(failures).toHaveLength(1)
    expect(failures[0]?.notifier).toBe('team')
    expect(failures[0]?.error).toMatchObject({
      code: 'NOTIFY_FAILED',
      message: '"failed" was not delivered after 3 tries: nobody there',
      hint: 'look',
      details: ['x'],
    })
    expect(await announcer.settle()).toEqual([])
  })

  test('the waits are spread, but never to nothing', async () => {
    const { announcer, heard } = stage(unreachable, { random: () => 0 })
    announcer.announce(of('failed'))
    await announcer.settle()
    expect(heard.map((one) => one.atMs)).toEqual([0, 500, 1500])
  })

  test('ends with the first success', async () => {
    let left = 2
    const { announcer, heard } = stage(() => (left-- > 0 ? unreachable() : Promise.resolve()))
    announcer.announce(of('failed'))
    expect(await announcer.settle()).toEqual([])
    expect(heard).toHaveLength(3)
  })

  test('waits as long as it was asked to', async () => {
    let first = true
    const { announcer, heard } = stage(async () => {
      if (!first) return
      first = false
      throw new DeployError('NOTIFY_FAILED', 'busy', { cause: new DeliveryRefused('429', 'later', 20_000) })
    })
    announcer.announce(of('failed'))
    expect(await announcer.settle()).toEqual([])
    expect(heard.map((one) => one.atMs)).toEqual([0, 20_000])
  })

  test.each<[string, () => unknown]>([
    ['asked to wait longer than there is time', () => refusal('later', 3_600_000)],
    ['told that it is useless', () => refusal('never', null)],
    ['for a secret that is missing', () => new DeployError('SECRET_MISSING', 'X is missing')],
  ])('is not done when %s', async (_, error) => {
    const { announcer, heard, clock } = stage(async () => {
      throw error()
    })
    announcer.announce(of('failed'))
    expect((await announcer.settle())[0]?.error.message).toMatch(/^"failed" was not delivered: /)
    expect(heard).toHaveLength(1)
    expect(clock.monotonicMs()).toBe(0)
  })

  function refusal(retry: 'later' | 'never', retryAfterMs: number | null): DeployError {
    return new DeployError('NOTIFY_FAILED', 'no', { cause: new DeliveryRefused('no', retry, retryAfterMs) })
  }

  test('is not done while something newer waits: the end of a deployment matters more than its start', async () => {
    const { announcer, heard } = stage(unreachable)
    announcer.announce(of('started'))
    announcer.announce(of('failed'))
    const failures = await announcer.settle()
    expect(heard.map((one) => one.event)).toEqual(['started', 'failed', 'failed', 'failed'])
    expect(heard[1]?.atMs).toBe(0)
    expect(failures.map(({ error }) => error.message)).toEqual([
      '"started" was not delivered: nobody there',
      '"failed" was not delivered after 3 tries: nobody there',
    ])
  })

  test('something newer also ends a wait that has begun', async () => {
    const { announcer, heard, clock } = stage(unreachable)
    announcer.announce(of('started'))
    await clock.sleep(500)
    announcer.announce(of('failed'))
    await announcer.settle()
    expect(heard.slice(0, 2)).toEqual([
      { event: 'started', atMs: 0 },
      { event: 'failed', atMs: 500 },
    ])
  })
})

describe('time', () => {
  test('each try has its limit', async () => {
    const { announcer, heard } = stage((_, signal) => hangs(signal))
    announcer.announce(of('failed'))
    const [failure] = await announcer.settle()
    expect(heard.map((one) => one.atMs)).toEqual([0, 10_000 + 1000, 21_000 + 2000])
    expect(failure?.error.message).toBe('"failed" was not delivered after 3 tries: no answer in time')
  })

  test('a notifier that does not even listen to its signal holds nobody up', async () => {
    const { announcer, clock } = stage(never, { tries: 1 })
    announcer.announce(of('failed'))
    expect((await announcer.settle())[0]?.error.message).toBe(
      '"failed" was not delivered: it gave no answer within 10s',
    )
    expect(clock.monotonicMs()).toBeLessThanOrEqual(13_000)
  })

  test.each([hangs, never])(
    'all in all settling takes at most the overall limit and a grace (%o)',
    async (behave) => {
      const { announcer, clock } = stage((_, signal) => behave(signal), { timeLimitMs: 25_000, tries: 9 })
      for (const event of notificationEvents) announcer.announce(of(event))
      const failures = await announcer.settle()
      expect(failures).toHaveLength(notificationEvents.length)
      expect(failures.at(-1)?.error.message).toBe(
        '"recovered" was not delivered: there was no time left for it',
      )
      expect(clock.monotonicMs()).toBeLessThanOrEqual(33_000)
    },
  )

  test('after such an end what is announced next is delivered again', async () => {
    let deaf = true
    const { announcer } = stage((_, signal) => (deaf ? hangs(signal) : Promise.resolve()), {
      tries: 9,
      overallMs: 5000,
    })
    announcer.announce(of('started'))
    expect(await announcer.settle()).toHaveLength(1)
    deaf = false
    announcer.announce(of('failed'))
    expect(await announcer.settle()).toEqual([])
  })
})

test('whatever a notifier throws, and however, is a failure and no more', async () => {
  for (const thrown of [new Error('boom'), 'text', null, undefined, 42]) {
    const { announcer } = stage(
      () => {
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- that is the point
        throw thrown
      },
      { tries: 1 },
    )
    announcer.announce(of('failed'))
    const [failure] = await announcer.settle()
    expect(failure?.error).toBeInstanceOf(DeployError)
    expect(failure?.error.code).toBe('NOTIFY_FAILED')
  }
})
