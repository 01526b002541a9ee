/** Judging a container from outside: health, how it ended, its last words, and commands that run inside. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { unframe } from '../../../src/drivers/targets/container/engine/unframe.js'
import type { Instance } from '../../../src/model/instance.js'
import type { InstanceReach, Target } from '../../../src/model/target.js'
import { probeHealthcheck, type AppParts } from '../../support/containers/app-image.js'
import {
  engineBench,
  plainRelease,
  type EngineBench,
  type Options,
} from '../../support/containers/engine-bench.js'
import { failingImages } from '../../support/containers/failing-images.js'
import { describeWith } from '../../support/needs.js'

const obtain = () => Promise.reject(new Error('an engine pulls by itself'))

test('frames are put together however they are cut', () => {
  const frame = (stream: number, text: string) => {
    const head = Buffer.from([stream, 0, 0, 0, 0, 0, 0, text.length])
    return Buffer.concat([head, Buffer.from(text)])
  }
  const whole = Buffer.concat([frame(1, 'out'), frame(2, 'err'), frame(1, ''), frame(1, 'end')])
  for (let size = 1; size <= whole.length; size++) {
    const said: string[] = []
    const take = unframe((stream, bytes) => void said.push(`${stream} ${bytes.toString()}`), true)
    for (let at = 0; at < whole.length; at += size) take(whole.subarray(at, at + size))
    expect(said.filter((line) => line !== 'stdout ')).toEqual(['stdout out', 'stderr err', 'stdout end'])
  }
})

describeWith('docker-engine', 'reaching a container', () => {
  let bench: EngineBench
  beforeEach(async () => {
    bench = await engineBench()
  })
  afterEach(() => bench.end())

  async function made(parts: Omit<AppParts, 'version'> = {}, more: Options = {}) {
    const repository = await bench.images(['1.0.0'], parts)
    const options = { image: `${repository}:1.0.0`, pull: 'never', port: 8080, restartPolicy: 'no', ...more }
    const target = bench.target(options)
    const instance = bench.instance(plainRelease('1.0.0'), null, options)
    await target.stage(instance, obtain, bench.context)
    return { target, instance }
  }
  const reach = async ({ target, instance }: { target: Target; instance: Instance }) =>
    (await target.reach?.(instance, bench.context.signal))!
  const words = async ({ target, instance }: { target: Target; instance: Instance }) =>
    (await target.lastWords?.(instance, bench.context.signal))!
  async function until(
    web: { target: Target; instance: Instance },
    holds: (reached: InstanceReach) => boolean,
  ): Promise<InstanceReach> {
    for (let tries = 0; tries < 300; tries++) {
      const reached = await reach(web)
      if (holds(reached)) return reached
      await bench.ports.clock.sleep(50)
    }
    throw new Error('it never came to that')
  }

  test('one that is not there has no address, and says so', async () => {
    const web = await made()
    expect(await reach(web)).toMatchObject({
      address: null,
      ended: 'its container is not there',
      health: 'none',
      restarts: 0,
    })
    expect(await words(web)).toEqual(['its container is gone'])
    await expect(
      (await reach(web)).run({ run: ['/app'] }, { env: {}, timeoutMs: 1000 }, bench.context.signal),
    ).rejects.toThrow('There is no container')
  })

  test('the engine’s HEALTHCHECK is heard, good or bad, with its last answer', async () => {
    const good = await made({ healthcheck: probeHealthcheck })
    await good.target.start?.(good.instance, bench.context)
    await until(good, ({ health }) => health === 'healthy')
    const bad = await made({
      healthcheck: probeHealthcheck,
      env: { APP_HEALTH: 'fail', APP_HEALTH_SAYS: 'no queue' },
    })
    await bad.target.start?.(bad.instance, bench.context)
    const reached = await until(bad, ({ health }) => health === 'unhealthy')
    expect(reached.ended).toBeNull()
    expect((await words(bad)).join('\n')).toContain('no queue')
  })

  test('commands run inside, with variables, bounded output and their exit code', async () => {
    const web = await made()
    await web.target.start?.(web.instance, bench.context)
    const reached = await reach(web)
    const run = (...command: readonly string[]) =>
      reached.run(
        { run: ['/app', ...command] },
        { env: { COLOUR: 'blue' }, timeoutMs: 20_000 },
        bench.context.signal,
      )
    expect(await run('env', 'COLOUR')).toEqual({ exitCode: 0, ended: 'exit', lastLines: ['blue'] })
    expect(await run('fail', '7')).toMatchObject({ exitCode: 7, ended: 'exit' })
    expect((await run('/no-such')).exitCode).not.toBe(0)
    const shell = await reached.run({ shell: 'true' }, { env: {}, timeoutMs: 20_000 }, bench.context.signal)
    expect(shell.exitCode).not.toBe(0) // an image from scratch has no shell
  })

  test('a command that takes too long, or is called off, is given up', async () => {
    const web = await made()
    await web.target.start?.(web.instance, bench.context)
    const reached = await reach(web)
    const sleep = { run: ['/app', 'sleep', '600'] }
    const late = await reached.run(sleep, { env: {}, timeoutMs: 300 }, bench.context.signal)
    expect(late).toMatchObject({ exitCode: null, ended: 'timeout' })
    const stop = new AbortController()
    const called = reached.run(sleep, { env: {}, timeoutMs: 60_000 }, stop.signal)
    stop.abort()
    expect(await called).toMatchObject({ exitCode: null, ended: 'cancelled' })
  })

  for (const failing of failingImages.filter(
    ({ exitCode, shows }) => exitCode !== null && shows === 'at once',
  )) {
    test(`last words: ${failing.title}`, async () => {
      const limits = failing.memoryBytes === undefined ? {} : { memory: `${failing.memoryBytes}B` }
      const web = await made(failing.parts, limits)
      const started = await Promise.resolve(web.target.start?.(web.instance, bench.context)).then(
        () => null,
        (error: unknown) => error,
      )
      const { ended } = await until(web, (reached) => reached.ended !== null)
      const said = await words(web)
      expect(said.join('\n')).toContain(failing.says)
      expect(said.length).toBeLessThanOrEqual(60)
      if (started === null) expect(ended).toContain(`it exited with code ${failing.exitCode}`)
    })
  }
})
