/** What every notifier promises its caller, whatever its kind. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { DriverSpec } from '../../src/model/spec.js'
import type { Notification, NotifierDriver } from '../../src/model/notifier.js'
import { notificationEvents } from '../../src/model/config.js'
import { DeployError } from '../../src/base/deploy-error.js'
import { admits, expectGoodSchema } from './driver-schema.js'
import { driverPorts, type DriverPorts } from './driver-ports.js'

/** Stands in addresses and keys; it must never come back in an error, nor in what is sent as the message. */
export const secretWord = 'hunter2-T000-B000'

export interface NotifierWorld {
  /** Options that deliver, that are refused by the other side, that reach nobody, and that never get an answer. */
  readonly good: DriverSpec
  readonly refused: DriverSpec
  readonly unreachable: DriverSpec | null
  readonly hanging: DriverSpec
  /** The texts that arrived. */
  received(): Promise<readonly string[]>
  leftOpen(): Promise<number>
  close(): Promise<void>
}

export const failed: Notification = {
  event: 'failed',
  project: 'shop',
  environment: 'production',
  deployment: '7f3a9c',
  command: 'apply',
  by: 'ada',
  host: 'build-1',
  at: '2024-05-01T03:00:00.000Z',
  durationMs: 31_800,
  services: [
    { service: 'web', before: '1.0.0', after: '1.0.1', outcome: 'unwound' },
    { service: 'docs', before: null, after: '1.0.1', outcome: null },
  ],
  failure: {
    code: 'CHECK_FAILED',
    message: 'the check "ready" failed on web: answered 500 <db> & more',
    hint: 'deployctl show 7f3a9c',
    details: ['starting', 'FATAL could not reach db:5432'],
  },
}

export function notifierContract(
  driver: NotifierDriver,
  prepare: (ports: DriverPorts) => Promise<NotifierWorld>,
): void {
  describe(`the notifier ${driver.type} keeps the contract`, () => {
    let ports: DriverPorts
    let world: NotifierWorld

    beforeEach(async () => {
      ports = await driverPorts({ WORD: secretWord })
      world = await prepare(ports)
    })
    afterEach(async () => {
      await world.close()
      await ports.remove()
    })

    const notify = (spec: DriverSpec, notification = failed, signal = new AbortController().signal) =>
      driver.create(spec, ports).notify(notification, signal)

    async function failureOf(spec: DriverSpec, signal?: AbortSignal): Promise<DeployError> {
      const error: unknown = await notify(spec, failed, signal).then(
        () => undefined,
        (thrown: unknown) => thrown,
      )
      expect(error).toBeInstanceOf(DeployError)
      const failure = error as DeployError // as was just seen
      expect(failure.code).toBe('NOTIFY_FAILED')
      expect(JSON.stringify([failure.message, failure.hint, failure.details])).not.toContain(secretWord)
      return failure
    }

    test('its schema is closed, described and has examples', () => {
      expectGoodSchema(driver.type, driver.schema)
      for (const spec of [world.good, world.refused, world.unreachable, world.hanging]) {
        if (spec !== null) expect(admits(driver.schema, spec)).toBe(true)
      }
      expect(admits(driver.schema, { ...world.good, nonsense: 1 })).toBe(false)
      expect(admits(driver.schema, { type: driver.type })).toBe(false)
    })

    test('every event of both commands is delivered once', async () => {
      for (const command of ['apply', 'rollback'] as const) {
        for (const event of notificationEvents) {
          const failure = event === 'failed' ? failed.failure : null
          await notify(world.good, { ...failed, command, event, failure, durationMs: null })
        }
      }
      expect(await world.received()).toHaveLength(2 * notificationEvents.length)
      await nothingIsLeft(world)
    })

    test('a secret in a notification is masked once more before it leaves', async () => {
      await notify(world.good, { ...failed, by: `ada ${secretWord}` })
      const [text] = await world.received()
      expect(text).toContain('ada ***')
      expect(text).not.toContain(secretWord)
    })

    test('a refusal is an error that says what was answered', async () => {
      expect((await failureOf(world.refused)).message.length).toBeGreaterThan(20)
      await nothingIsLeft(world)
    })

    test('nobody there is an error', async () => {
      if (world.unreachable !== null) await failureOf(world.unreachable)
    })

    test('an abort ends a delivery that hangs', async () => {
      const controller = new AbortController()
      setTimeout(() => controller.abort(), 100)
      expect((await failureOf(world.hanging, controller.signal)).message).toMatch(/in time/)
      await nothingIsLeft(world)
    })
  })
}

async function nothingIsLeft(world: NotifierWorld): Promise<void> {
  await expect.poll(() => world.leftOpen(), { timeout: 5000, interval: 10 }).toBe(0)
}
