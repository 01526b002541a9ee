/** What every health check promises the engine, whatever its kind. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { DriverSpec } from '../../src/model/spec.js'
import type { HealthCheckDriver } from '../../src/model/health-check.js'
import { nowhere } from '../support/nowhere.js'
import { admits, expectGoodSchema } from './driver-schema.js'
import { driverPorts, type DriverPorts } from './driver-ports.js'

export interface CheckWorld {
  /** Options with which the check is healthy, unhealthy, and kept waiting for ever; null where it never waits. */
  readonly good: DriverSpec
  readonly bad: DriverSpec
  readonly hanging: DriverSpec | null
  /** Nothing but its type is enough: it asks the instance itself. */
  readonly isWholeAlone?: true
  /** What is still open of a probe, once it has answered: connections, processes. */
  leftOpen(): Promise<number>
  close(): Promise<void>
}

export function healthCheckContract(
  driver: HealthCheckDriver,
  prepare: (ports: DriverPorts) => Promise<CheckWorld>,
): void {
  describe(`the check ${driver.type} keeps the contract`, () => {
    let ports: DriverPorts
    let world: CheckWorld
    const probe = (spec: DriverSpec, signal: AbortSignal = new AbortController().signal) =>
      driver.create(spec, ports).probe(nowhere, signal)

    beforeEach(async () => {
      ports = await driverPorts()
      world = await prepare(ports)
    })
    afterEach(async () => {
      await world.close()
      await ports.remove()
    })

    test('its schema is closed, described and has examples', () => {
      expectGoodSchema(driver.type, driver.schema)
      expect(admits(driver.schema, world.good)).toBe(true)
      expect(admits(driver.schema, world.bad)).toBe(true)
      expect(admits(driver.schema, { ...world.good, nonsense: 1 })).toBe(false)
      expect(admits(driver.schema, { type: driver.type })).toBe(world.isWholeAlone ?? false)
    })

    test('what is well is healthy, time and again', async () => {
      const check = driver.create(world.good, ports)
      for (let round = 0; round < 3; round++) {
        const answer = await check.probe(nowhere, new AbortController().signal)
        expect(answer).toMatchObject({ healthy: true })
      }
      await nothingIsLeft(world)
    })

    test('what is not there is an unhealthy answer in one line, not an exception', async () => {
      const answer = await probe(world.bad)
      expect(answer.healthy).toBe(false)
      expect(answer.seen).toMatch(/^\S.{10,}$/)
      await nothingIsLeft(world)
    })

    test('an abort ends a probe that hangs', async () => {
      if (world.hanging === null) return
      const controller = new AbortController()
      const answer = probe(world.hanging, controller.signal)
      setTimeout(() => controller.abort(), 100)
      expect((await answer).healthy).toBe(false)
      expect((await answer).seen).toMatch(/within \d/)
      await nothingIsLeft(world)
    })

    test('an abort that came before is an answer too', async () => {
      for (const spec of [world.bad, ...(world.hanging === null ? [] : [world.hanging])]) {
        expect((await probe(spec, AbortSignal.abort())).healthy).toBe(false)
      }
      await nothingIsLeft(world)
    })
  })
}

/** The other side learns of a closed connection a moment later. */
async function nothingIsLeft(world: CheckWorld): Promise<void> {
  await expect.poll(() => world.leftOpen(), { timeout: 5000, interval: 10 }).toBe(0)
}
