/**
 * The real program is killed (SIGKILL) before, in the middle of and after writes of its journal, during a real blue-green
 * upgrade of containers behind a real HAProxy; for some of them the engine is restarted as well. Recovered either way,
 * the containers, images, weights, state and locks are exactly those of before or of after.
 *
 * A moment takes seconds, so a run tries one in KILL_STRIDE (27), and the two directions take different ones. All of them:
 * KILL_STRIDE=1 npm test -- test/e2e/containers-kill.test.ts
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ownEngine, sharedEngine, type OwnEngine } from '../support/containers/engine.js'
import { upgradeGround, type UpgradeGround } from '../support/containers/upgrade-ground.js'
import { describeWith } from '../support/needs.js'

const stride = Number(process.env['KILL_STRIDE'] ?? 27)
const directions = ['unwind', 'resume'] as const
type Direction = (typeof directions)[number]

/** Every `every`-th of the moments, and others in the one direction than in the other. */
function sample(moments: number, every: number, direction: Direction): readonly number[] {
  const first = direction === 'unwind' ? 1 : 1 + Math.floor(every / 2)
  return Array.from({ length: Math.ceil((moments - first + 1) / every) }, (_, at) => first + at * every)
}

describeWith('docker-engine', 'an upgrade of containers that is killed', () => {
  let grounds: UpgradeGround[] = []
  let moments: number

  beforeAll(async () => {
    grounds = await Promise.all([upgradeGround(sharedEngine()), upgradeGround(sharedEngine())])
    const [ground] = grounds
    const counted = await ground!.upgrade(0)
    moments = await ground!.moments()
    expect(await ground!.unsteady('a further upgrade', counted)).toBeUndefined()
  })
  afterAll(async () => {
    await Promise.all(grounds.map(({ project }) => project.end()))
  })

  test('its journal is written often enough for this test to mean something', () => {
    expect(moments).toBeGreaterThan(40)
  })

  for (const direction of directions) {
    test(`at moments of its journal, then recover --${direction}`, { timeout: 3_600_000 }, async () => {
      const left = [...sample(moments, stride, direction)]
      const stories = await Promise.all(
        grounds.map(async (ground) => {
          for (let moment = left.shift(); moment !== undefined; moment = left.shift()) {
            const story = await killAndRecover(ground, moment, direction)
            if (story !== undefined) return `killed at moment ${moment} of ${moments}: ${story}`
          }
          return undefined
        }),
      )
      expect(stories.filter((story) => story !== undefined)).toEqual([])
    })
  }
})

describeWith('docker-engine', 'an engine that is restarted in the middle of an upgrade', () => {
  let engine: OwnEngine
  let ground: UpgradeGround
  const ends: (() => Promise<void>)[] = []
  beforeAll(async () => {
    engine = await ownEngine()
    ends.push(() => engine.stop())
    ground = await upgradeGround(engine)
    ends.unshift(() => ground.project.end())
  })
  afterAll(async () => {
    for (const end of ends) await end()
  })

  for (const direction of directions) {
    test(`with deployctl killed as well, then recover --${direction}`, { timeout: 3_600_000 }, async () => {
      await ground.upgrade(0)
      const moments = await ground.moments()
      // the first and last few are those without a journal, or with one that is done
      for (const moment of sample(moments - 8, Math.max(stride, 4), direction).map((one) => one + 4)) {
        const story = await killAndRecover(ground, moment, direction, () => engine.restart())
        expect(story, `killed at moment ${moment} of ${moments}`).toBeUndefined()
      }
    })
  }

  const steps = ['check web', 'stop web', ...(stride === 1 ? ['start web', 'watch web'] : [])]
  test.each(steps)('while deployctl is at: %s', { timeout: 300_000 }, async (step) => {
    let restart: Promise<void> | undefined
    const result = await ground.upgrade(undefined, {
      onOutput: (written) => {
        if (written.includes(`[web] ${step}`)) restart ??= engine.restart()
      },
    })
    await restart
    expect([0, 5], `${result.stdout}\n${result.stderr}`).toContain(result.code)
    expect(await ground.isOpen()).toBe(false)
    // Whichever release it is, a further deployment finds it whole, or mends it.
    const next = await ground.upgrade()
    expect(await ground.unsteady('the next apply', next)).toBeUndefined()
  })
})

/** Undefined when all is well; otherwise what was found. Afterwards the next version serves. */
async function killAndRecover(
  ground: UpgradeGround,
  moment: number,
  direction: Direction,
  between: () => Promise<void> = async () => undefined,
): Promise<string | undefined> {
  const killed = await ground.upgrade(moment)
  if (killed.signal !== 'SIGKILL') return `it was not killed but ended with ${killed.code}: ${killed.stderr}`
  await between()
  if (await ground.isOpen()) {
    const refused = await ground.project.apply()
    if (refused.code !== 6) return `another apply was not refused, but ended with ${refused.code}`
    const recovered = await ground.recover(direction)
    // The new state was on disk: the deployment had succeeded, and the refusal says how to finish it.
    const isPast = direction === 'unwind' && recovered.stderr.includes('can no longer be undone')
    const result = isPast ? await ground.recover('resume') : recovered
    const wrong = await ground.unsteady(`recover --${direction}${isPast ? ', then --resume' : ''}`, result)
    if (wrong !== undefined) return wrong
    if (await ground.isOpen()) return 'a journal is still open'
  }
  return ground.unsteady('the next apply', await ground.upgrade())
}
