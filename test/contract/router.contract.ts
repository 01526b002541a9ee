/** What every router promises the targets behind it, whatever moves the traffic. */
import { afterEach, beforeEach, describe, expect } from 'vitest'
import type { DriverSpec } from '../../src/model/spec.js'
import type { Router, RouterDriver, RouterEnd } from '../../src/model/router.js'
import { getFrom, tally } from '../drivers/routers/http-asking.js'
import { quietContext, scope } from '../drivers/routers/haproxy-bench.js'
import { tinyEnd, type TinyEnd } from '../drivers/routers/tiny-end.js'
import { testWith, type Component } from '../support/needs.js'
import { admits, expectGoodSchema } from './driver-schema.js'
import { driverPorts, type DriverPorts } from './driver-ports.js'

export interface RouterWorld {
  readonly options: DriverSpec
  /** Of 127.0.0.1, where visitors come. */
  readonly port: number
  /** How many instances there is room for. */
  readonly room: number
  /** The router's process ends, and is started with what it finds, by somebody else. */
  restart(): Promise<void>
  stop(): Promise<void>
  /** One operation in a process that kills itself before its n-th change; false when it came to the end before. */
  killedBefore(change: number, work: { ends: readonly RouterEnd[] } | { forget: string }): Promise<boolean>
  close(): Promise<void>
}

export function routerContract(
  title: string,
  driver: RouterDriver,
  component: Component,
  prepare: (ports: DriverPorts) => Promise<RouterWorld>,
): void {
  const test = testWith(component)

  describe(`the router ${title} keeps the contract`, () => {
    let ports: DriverPorts
    let world: RouterWorld
    let blue: TinyEnd
    let green: TinyEnd
    const router = (): Router => driver.create(world.options, scope, ports)
    const look = () => router().look(new AbortController().signal)
    const route = (...ends: RouterEnd[]) => router().route(ends, quietContext())

    beforeEach(async ({ task }) => {
      if (task.mode === 'skip') return
      ports = await driverPorts()
      ;[blue, green] = await Promise.all([tinyEnd('blue-1'), tinyEnd('green-1')])
      world = await prepare(ports)
    })
    afterEach(async () => {
      await world.close()
      await Promise.all([blue.close(), green.close()])
      await ports.remove()
    })

    test('its schema is closed, described and has examples', () => {
      expectGoodSchema(driver.type, driver.schema)
      expect(admits(driver.schema, world.options)).toBe(true)
      expect(admits(driver.schema, { ...world.options, nonsense: 1 })).toBe(false)
      expect(admits(driver.schema, { type: driver.type })).toBe(false)
    })

    test('traffic goes where it is sent and nowhere else, and the view says so', async () => {
      expect((await look()).ends).toEqual([])
      await route(blue.end())
      expect(await tally(world.port, 20)).toEqual({ 'blue-1': 20 })
      expect(await look()).toEqual({ ends: [blue.end()], trouble: null })
      await route(green.end())
      expect(await tally(world.port, 20)).toEqual({ 'green-1': 20 })
      const { ends, trouble } = await look()
      expect(trouble).toBeNull()
      expect(ends).toHaveLength(2)
      expect(ends).toEqual(expect.arrayContaining([green.end(), blue.end(0)]))
    })

    test('to route again changes nothing', async () => {
      await route(blue.end(3), green.end(1))
      const before = await look()
      await route(blue.end(3), green.end(1))
      expect(await look()).toEqual(before)
      expect(await world.killedBefore(1, { ends: [blue.end(3), green.end(1)] })).toBe(true) // its note, and no more
      expect(await look()).toEqual(before)
    })

    test('weights are as they were asked for, at once and after a change', async () => {
      if (!driver.weights) return
      for (const [ofBlue, ofGreen] of [
        [3, 1],
        [95, 5],
        [0, 1],
        [1, 0],
      ] as const) {
        await route(blue.end(ofBlue), green.end(ofGreen))
        const { ends } = await look()
        expect(ends).toEqual(expect.arrayContaining([blue.end(ofBlue), green.end(ofGreen)]))
        const counts = await tally(world.port, 200)
        expect(counts['blue-1'] ?? 0).toBeCloseTo((200 * ofBlue) / (ofBlue + ofGreen), -1)
        expect((counts['blue-1'] ?? 0) + (counts['green-1'] ?? 0)).toBe(200)
      }
    })

    test('nothing serves when nothing is asked for', async () => {
      await route(blue.end())
      await route()
      expect((await getFrom(world.port)).status).toBe(503)
      expect((await look()).ends).toEqual([blue.end(0)])
      await route(blue.end())
      expect(await tally(world.port, 5)).toEqual({ 'blue-1': 5 })
    })

    test('what is forgotten makes room for others, however often', async () => {
      await router().forget('never-there', quietContext())
      for (let round = 0; round < world.room * 2; round++) {
        const [next, last] = round % 2 === 0 ? [blue, green] : [green, blue]
        const named = (end: TinyEnd, at: number) => ({ ...end.end(), name: `${end.name}-of-${at}` })
        await route(named(next, round))
        expect(await router().drain([`${last.name}-of-${round - 1}`], 5000, quietContext())).toBe(true)
        await router().forget(`${last.name}-of-${round - 1}`, quietContext())
        await router().forget(`${last.name}-of-${round - 1}`, quietContext())
        expect(await look()).toEqual({ ends: [named(next, round)], trouble: null })
        expect(await tally(world.port, 3)).toEqual({ [next.name]: 3 })
      }
    })

    test('several forgotten side by side are all forgotten', async () => {
      const names = ['one', 'two', 'three'].slice(0, Math.max(1, world.room - 1))
      await route(...names.map((name) => ({ ...blue.end(), name })))
      await route(green.end())
      const same = router()
      await Promise.all(names.map((name) => same.forget(name, quietContext())))
      expect(await look()).toEqual({ ends: [green.end()], trouble: null })
    })

    test('more than there is room for is refused, and what was stays', async () => {
      await route(blue.end())
      const many = Array.from({ length: world.room + 1 }, (_, at) => ({
        ...green.end(),
        name: `green-${at}`,
      }))
      await expect(route(...many)).rejects.toMatchObject({ code: 'TARGET_REFUSED' })
      expect(await look()).toEqual({ ends: [blue.end()], trouble: null })
      expect(await tally(world.port, 5)).toEqual({ 'blue-1': 5 })
    })

    test('an instance that has another address now is found there', async () => {
      await route(blue.end())
      await route({ ...green.end(), name: blue.name })
      expect(await tally(world.port, 5)).toEqual({ 'green-1': 5 })
      expect((await look()).ends).toEqual([{ ...green.end(), name: blue.name }])
    })

    test('a drain waits for what is open, and no longer than it may', async () => {
      await route(blue.end())
      const slow = getFrom(world.port, '/slow/1500')
      await expect.poll(() => blue.seen.requests, { interval: 10 }).toBe(1)
      await route(green.end())
      expect(await tally(world.port, 5)).toEqual({ 'green-1': 5 })
      const patient = driver.create({ ...world.options, longLived: 'wait' }, scope, ports)
      expect(await patient.drain(['blue-1'], 100, quietContext())).toBe(false)
      expect(await patient.drain(['blue-1'], 20_000, quietContext())).toBe(true)
      expect(await slow).toMatchObject({ status: 200, text: 'blue-1' })
    })

    test('a restart of it finds the same world', async () => {
      await route(blue.end(3), green.end(1))
      const before = await look()
      await world.restart()
      expect(await look()).toEqual(before)
      expect((await tally(world.port, 40))['green-1']).toBe(10)
      await route(green.end())
      await router().forget('blue-1', quietContext())
      await world.restart()
      expect(await look()).toEqual({ ends: [green.end()], trouble: null })
      expect(await tally(world.port, 10)).toEqual({ 'green-1': 10 })
    })

    test('one that does not run is trouble, not an exception, and can be told to forget', async () => {
      await route(blue.end(), green.end())
      await world.stop()
      expect((await look()).trouble).toMatch(/does not answer/)
      expect(await router().drain(['blue-1'], 1000, quietContext())).toBe(true)
      await router().forget('blue-1', quietContext())
      await world.restart()
      expect(await look()).toEqual({ ends: [green.end()], trouble: null })
    })

    test('killed before any change of a switch, it serves, and can be finished or undone', async () => {
      const both = [green.end(2), blue.end(1)]
      let kills = 0
      for (let change = 1, isKilled = true; isKilled; change++) {
        // The same beginning every time: green has had its traffic, and has been forgotten.
        await route(...both)
        await route(blue.end(3))
        await router().forget('green-1', quietContext())
        isKilled = await world.killedBefore(change, { ends: both })
        if (isKilled) kills++
        expect((await look()).trouble).toBeNull()
        const counts = await tally(world.port, 6)
        expect((counts['blue-1'] ?? 0) + (counts['green-1'] ?? 0), JSON.stringify(counts)).toBe(6)
        if (change % 2 === 0) {
          await route(...both)
          expect((await look()).ends).toEqual(expect.arrayContaining(both))
          expect(await tally(world.port, 30)).toEqual({ 'green-1': 20, 'blue-1': 10 })
        } else {
          await route(blue.end(3))
          expect((await look()).ends).toContainEqual(blue.end(3))
          expect(await tally(world.port, 5)).toEqual({ 'blue-1': 5 })
        }
      }
      expect(kills).toBeGreaterThan(2)
    }, 180_000)

    test('killed before any change of a forgetting, it can be finished', async () => {
      for (let change = 1, isKilled = true; isKilled; change++) {
        await route(blue.end())
        await route(green.end())
        isKilled = await world.killedBefore(change, { forget: 'blue-1' })
        expect(await tally(world.port, 4)).toEqual({ 'green-1': 4 })
        await router().forget('blue-1', quietContext())
        expect(await look()).toEqual({ ends: [green.end()], trouble: null })
      }
    }, 180_000)
  })
}
