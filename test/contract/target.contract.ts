/**
 * What every target promises the engine, whatever its kind: each operation may be repeated, each inverse restores the
 * world from wherever the operation had come to, looking changes nothing, and a claim keeps others out.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Instance } from '../../src/model/instance.js'
import type { FetchedArtifact } from '../../src/model/source.js'
import type { OperationContext, Target, TargetDriver } from '../../src/model/target.js'
import { DeployError } from '../../src/base/deploy-error.js'
import { expectGoodSchema } from './driver-schema.js'
import { activeOf, shareOf } from '../support/shares.js'

export interface TargetRelease {
  readonly instance: Instance
  readonly obtain: () => Promise<FetchedArtifact>
}

/** A place of its own for one test. */
export interface TargetWorld {
  readonly target: Target
  /** Three different releases of one service, oldest first. */
  readonly releases: readonly [TargetRelease, TargetRelease, TargetRelease]
  readonly context: OperationContext
  /** The place as plain data, without what only counts for the books (records of what served). */
  look(): Promise<unknown>
  end(): Promise<void>
}

export function targetContract(driver: TargetDriver, prepare: () => Promise<TargetWorld>): void {
  describe(`the target ${driver.type} keeps the contract`, () => {
    let world: TargetWorld
    beforeEach(async () => {
      world = await prepare()
    })
    afterEach(() => world.end())

    const stage = (release: TargetRelease) =>
      world.target.stage(release.instance, release.obtain, world.context)
    const discard = (release: TargetRelease) => world.target.discard(release.instance, world.context)
    const route = (from: TargetRelease | null, to: TargetRelease | null) =>
      world.target.route(shareOf(from?.instance ?? null), shareOf(to?.instance ?? null), world.context)
    const inspect = (active: TargetRelease | null) =>
      world.target.inspect(activeOf(active?.instance ?? null), world.context.signal)
    const claim = (deployment: string) =>
      world.target.claim({ deployment, by: 'tester', incoming: [] }, world.context.signal)

    async function serve(release: TargetRelease): Promise<void> {
      await stage(release)
      await route(null, release)
    }

    test('its schema is closed and described, and every option has an effect', () => {
      expectGoodSchema(driver.type, driver.schema)
      const options = Object.keys(driver.schema['properties'] as object).filter((name) => name !== 'type')
      expect(Object.keys(driver.effects).sort()).toEqual(options.sort())
      expect(options).toContain(driver.keepReleases.option)
    })

    test('staging twice is staging once, and the second time nothing is fetched', async () => {
      const [release] = world.releases
      await stage(release)
      const once = await world.look()
      await world.target.stage(release.instance, () => Promise.reject(new Error('fetched')), world.context)
      expect(await world.look()).toEqual(once)
    })

    test('discarding a first release leaves no trace of it, and may be repeated', async () => {
      const before = await world.look()
      await stage(world.releases[0])
      await discard(world.releases[0])
      expect(await world.look()).toEqual(before)
      await discard(world.releases[0])
      expect(await world.look()).toEqual(before)
    })

    test('discarding what was never staged changes nothing', async () => {
      const [a, b] = world.releases
      await discard(a)
      await serve(a)
      const before = await world.look()
      await discard(b)
      expect(await world.look()).toEqual(before)
    })

    test('discarding a further release leaves the one that serves as it was', async () => {
      const [a, b] = world.releases
      await serve(a)
      const before = await world.look()
      await stage(b)
      expect(await world.look()).not.toEqual(before)
      await discard(b)
      expect(await world.look()).toEqual(before)
    })

    test('a release whose artifact cannot be had is not there, and its discard leaves no trace', async () => {
      const before = await world.look()
      const failing = () => Promise.reject(new DeployError('SOURCE_UNREACHABLE', 'no way there'))
      const [a] = world.releases
      await expect(world.target.stage(a.instance, failing, world.context)).rejects.toThrow('no way there')
      expect(await inspect(null)).toMatchObject({ serving: null, staged: [] })
      await discard(a)
      expect(await world.look()).toEqual(before)
    })

    test('what serves is not discarded, whoever asks', async () => {
      const [a] = world.releases
      await serve(a)
      const before = await world.look()
      await expect(discard(a)).rejects.toThrow(DeployError)
      expect(await world.look()).toEqual(before)
    })

    test('routing there and back restores the world, and each may be repeated', async () => {
      const [a, b] = world.releases
      await serve(a)
      await stage(b)
      const before = await world.look()
      await route(a, b)
      await route(a, b)
      expect(await inspect(b)).toMatchObject({ serving: b.instance.name, drift: [] })
      await route(b, a)
      await route(b, a)
      expect(await world.look()).toEqual(before)
    })

    test('routing from nothing and back to it restores the world', async () => {
      const [a] = world.releases
      await stage(a)
      const before = await world.look()
      await route(null, a)
      await route(null, a)
      expect(await inspect(a)).toMatchObject({ serving: a.instance.name })
      await route(a, null)
      await route(a, null)
      expect(await world.look()).toEqual(before)
      expect(await inspect(null)).toMatchObject({ serving: null })
    })

    test('undoing a whole first deployment leaves no trace', async () => {
      const before = await world.look()
      const held = await claim('d1')
      await serve(world.releases[0])
      await route(world.releases[0], null)
      await discard(world.releases[0])
      await held.release()
      expect(await world.look()).toEqual(before)
    })

    test('a route to what is not there is refused and moves nothing', async () => {
      const [a, b] = world.releases
      await serve(a)
      const before = await world.look()
      await expect(route(a, b)).rejects.toThrow(DeployError)
      expect(await world.look()).toEqual(before)
    })

    test('pruning keeps what it is told to and what serves, and may be repeated', async () => {
      const [a, b, c] = world.releases
      await serve(a)
      await stage(b)
      await stage(c)
      const removed = await world.target.prune([c.instance.name], world.context)
      expect(removed).toEqual([b.instance.name])
      const once = await world.look()
      expect(await world.target.prune([c.instance.name], world.context)).toEqual([])
      expect(await world.look()).toEqual(once)
      const { staged, serving } = await inspect(a)
      expect(serving).toBe(a.instance.name)
      expect(staged.map(({ name }) => name).sort()).toEqual([a.instance.name, c.instance.name].sort())
    })

    test('looking changes nothing, and the same world looks the same twice', async () => {
      const [a, b] = world.releases
      const empty = await world.look()
      expect(await inspect(null)).toEqual(await inspect(null))
      expect(await world.look()).toEqual(empty)
      await serve(a)
      await stage(b)
      const before = await world.look()
      const seen = await inspect(a)
      expect(await inspect(a)).toEqual(seen)
      expect(seen.drift).toEqual([])
      expect(await world.look()).toEqual(before)
    })

    test('it tells what has served from what never has', async () => {
      const [a, b] = world.releases
      await serve(a)
      await stage(b)
      const { staged } = await inspect(a)
      const statusOf = (release: TargetRelease) => staged.find(({ name }) => name === release.instance.name)
      expect(statusOf(a)).toMatchObject({ status: 'published', version: a.instance.release.version })
      expect(statusOf(b)).toMatchObject({ status: 'staged', digest: b.instance.release.digest })
    })

    test('a claim keeps others out until it is released, and leaves no trace', async () => {
      const before = await world.look()
      const held = await claim('d1')
      await expect(claim('d2')).rejects.toMatchObject({ code: 'LOCKED' })
      await held.release()
      await held.release()
      const next = await claim('d2')
      await next.release()
      expect(await world.look()).toEqual(before)
    })

    test('a refused claim disturbs nothing of the one that stands', async () => {
      const [a] = world.releases
      const held = await claim('d1')
      let obtaining = false
      const refused: unknown[] = []
      // while the release is being staged, others keep coming
      const crowd = async () => {
        while (!obtaining) await new Promise((resolve) => setImmediate(resolve))
        for (let round = 0; round < 10; round++)
          await claim('d2').catch((error: unknown) => refused.push(error))
      }
      const staging = world.target.stage(
        a.instance,
        () => {
          obtaining = true
          return a.obtain()
        },
        world.context,
      )
      await Promise.all([staging, crowd()])
      expect(refused).toHaveLength(10)
      await route(null, a)
      await held.release()
      expect(await inspect(a)).toMatchObject({ serving: a.instance.name, drift: [], notices: [] })
    })

    test('of many claims at once at most one holds, the others are told so, and nothing is left', async () => {
      const before = await world.look()
      for (let round = 0; round < 20; round++) {
        const claims = await Promise.allSettled(['d1', 'd2', 'd3', 'd4'].map(claim))
        const held = claims.filter((one) => one.status === 'fulfilled')
        expect(held.length).toBeLessThanOrEqual(1)
        for (const one of claims) {
          if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'LOCKED' })
        }
        for (const one of held) await one.value.release()
        expect(await world.look()).toEqual(before)
      }
    })
  })
}
