/** The life of containers on a real engine: staged, started, routed to, stopped, discarded, pruned; each as often as wanted. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Instance } from '../../../src/model/instance.js'
import type { Target } from '../../../src/model/target.js'
import {
  engineBench,
  plainRelease,
  type EngineBench,
  type Options,
} from '../../support/containers/engine-bench.js'
import { describeWith } from '../../support/needs.js'

const nobody = { active: [], previous: [] }
const obtain = () => Promise.reject(new Error('an engine pulls by itself'))

describeWith('docker-engine', 'containers on an engine', () => {
  let bench: EngineBench
  let repository: string
  beforeEach(async () => {
    bench = await engineBench()
    repository = await bench.images(['1.0.0', '1.0.1'])
  })
  afterEach(() => bench.end())

  const options = (version: string, more: Options = {}): Options => ({
    image: `${repository}:${version}`,
    pull: 'never',
    port: 8080,
    ...more,
  })
  function made(version: string, slot: number | null = null, more: Options = {}) {
    const own = options(version, more)
    return { target: bench.target(own), instance: bench.instance(plainRelease(version), slot, own) }
  }
  async function up({ target, instance }: { target: Target; instance: Instance }): Promise<void> {
    await target.stage(instance, obtain, bench.context)
    await target.start?.(instance, bench.context)
  }
  const look = (target: Target) => target.inspect(nobody, bench.context.signal)
  const answerOf = async (target: Target, instance: Instance): Promise<string> => {
    const { address } = (await target.reach?.(instance, bench.context.signal)) ?? {}
    // a fresh container needs a moment until its program listens
    for (let tries = 0; tries < 100; tries++) {
      const said = await fetch(`http://${address?.host ?? ''}:${address?.port ?? 0}/`).then(
        (answer) => answer.text(),
        () => null,
      )
      if (said !== null) return said.trim()
      await bench.ports.clock.sleep(50)
    }
    throw new Error('it never answered')
  }

  test('a started instance serves its version, and starting it again leaves it alone', async () => {
    const web = made('1.0.0', 1)
    await up(web)
    expect(await answerOf(web.target, web.instance)).toContain('1.0.0')
    const before = await bench.container(`${web.instance.name}-1`)
    await up(web)
    expect(await bench.container(`${web.instance.name}-1`)).toEqual(before)
    expect((await look(web.target)).running).toEqual([{ name: `${web.instance.name}-1`, status: 'running' }])
  })

  test('taken up after an interruption, the router sends to where instances are now, as much as before', async () => {
    const options = { router: { type: 'memory' } }
    const [one, two] = [made('1.0.0', 1, options), made('1.0.0', 2, options)]
    await up(one)
    await up(two)
    await one.target.route(
      [],
      [one, two].map(({ instance }, at) => ({ instance, weight: at + 1 })),
      bench.context,
    )
    const routed = bench.router.ends
    const told = bench.router.told.length
    await one.target.retrace?.(bench.context)
    expect(bench.router.told).toHaveLength(told)
    bench.router.ends = routed.map((end) => ({ ...end, address: { host: '192.0.2.1', port: 8080 } }))
    await one.target.retrace?.(bench.context)
    expect(bench.router.ends).toEqual(routed)
  })

  test('names and labels come from content, and nothing secret is in them', async () => {
    const web = made('1.0.0', 2, { env: { PASSWORD: '${secret.DB}' } })
    const secrets = {
      ...bench.ports.secrets,
      reveal: async (text: string) => text.replace('${secret.DB}', 'hunter2'),
    }
    const target = bench.target(options('1.0.0', { env: { PASSWORD: '${secret.DB}' } }), { secrets })
    await up({ target, instance: web.instance })
    const container = await bench.container(`${web.instance.name}-2`)
    expect(container.Name).toBe(`/${bench.scope.project}-test-web-${web.instance.name}-2`)
    expect(container.Config.Labels).toMatchObject({
      'deployctl.project': bench.scope.project,
      'deployctl.environment': 'test',
      'deployctl.service': 'web',
      'deployctl.instance': `${web.instance.name}-2`,
      'deployctl.release': '1.0.0',
      'deployctl.digest': web.instance.release.digest,
    })
    expect(container.Config.Env).toContain('PASSWORD=hunter2')
    expect(JSON.stringify(container.Config.Labels)).not.toContain('hunter2')
    expect(JSON.stringify(await look(target))).not.toContain('hunter2')
  })

  test('what was changed by hand is made anew by a start', async () => {
    const web = made('1.0.0')
    await up(web)
    const { Id } = await bench.container(web.instance.name)
    await bench.call('POST', `/containers/${Id}/update`, { Memory: 64 * 2 ** 20, MemorySwap: -1 })
    await web.target.start?.(web.instance, bench.context)
    const after = await bench.container(web.instance.name)
    expect(after.Id).not.toBe(Id)
    expect(after.HostConfig['Memory']).toBe(0)
  })

  test('an ended and a paused container are made anew by a start', async () => {
    const web = made('1.0.0')
    await up(web)
    for (const spoil of ['kill', 'pause'] as const) {
      const { Id } = await bench.container(web.instance.name)
      if (spoil === 'kill')
        await bench.call('POST', `/containers/${Id}/update`, { RestartPolicy: { Name: 'no' } })
      await bench.call('POST', `/containers/${Id}/${spoil}`)
      await web.target.start?.(web.instance, bench.context)
      expect(await answerOf(web.target, web.instance), spoil).toContain('1.0.0')
    }
  })

  test('stopping takes the instance out of the router first, and may be repeated', async () => {
    const web = made('1.0.0', null, { router: { type: 'memory' } })
    await up(web)
    await web.target.route([], [{ instance: web.instance, weight: 1 }], bench.context)
    await web.target.stop?.(web.instance, bench.context)
    await web.target.stop?.(web.instance, bench.context)
    expect(bench.router.told).toEqual([
      `route ${web.instance.name}=1`,
      `forget ${web.instance.name}`,
      `forget ${web.instance.name}`,
    ])
    expect((await look(web.target)).running).toEqual([])
    expect((await look(web.target)).staged.map(({ name }) => name)).toHaveLength(1)
  })

  test('a program that ignores its stop signal is killed when its time is over', async () => {
    const web = made('1.0.0', null, { env: { APP_ON_TERM: 'ignore' }, stopTimeout: '1s' })
    await up(web)
    await answerOf(web.target, web.instance)
    await web.target.stop?.(web.instance, bench.context)
    expect((await look(web.target)).running).toEqual([])
  })

  test('routing gives the router addresses that answer, and weights as they are', async () => {
    const [old, fresh] = [
      made('1.0.0', 1, { router: { type: 'memory' } }),
      made('1.0.1', 1, { router: { type: 'memory' } }),
    ]
    await up(old)
    await up(fresh)
    const shares = [
      { instance: old.instance, weight: 95 },
      { instance: fresh.instance, weight: 5 },
    ]
    await fresh.target.route([], shares, bench.context)
    expect(bench.router.ends.map(({ weight }) => weight)).toEqual([95, 5])
    for (const [index, version] of ['1.0.0', '1.0.1'].entries()) {
      const { address } = bench.router.ends[index]!
      await answerOf([old, fresh][index]!.target, [old, fresh][index]!.instance)
      expect(await (await fetch(`http://${address.host}:${address.port}/`)).text()).toContain(version)
    }
    await fresh.target.drain?.([old.instance], 5000, bench.context)
    await fresh.target.route(shares, [], bench.context)
    expect(bench.router.told.slice(1)).toEqual([`drain ${old.instance.name}-1 within 5000`, 'route '])
  })

  test('a router that is left loses its traffic, lets finish what is under way, and knows nobody any more', async () => {
    const web = made('1.0.0', 1, { router: { type: 'memory' } })
    await up(web)
    await web.target.route([], [{ instance: web.instance, weight: 1 }], bench.context)
    const told = bench.router.told.length
    await web.target.leave?.({ type: 'container', router: { type: 'memory' } }, bench.context)
    expect(bench.router.told).toHaveLength(told)
    await web.target.leave?.({ type: 'container' }, bench.context)
    const name = `${web.instance.name}-1`
    expect(bench.router.told.slice(told)).toEqual(['route ', `drain ${name} within 2000`, `forget ${name}`])
    await web.target.leave?.({ type: 'container' }, bench.context)
    expect(bench.router.told).toHaveLength(told + 3)
  })

  test('traffic is not sent to what does not run, and its last lines say why', async () => {
    const web = made('1.0.0', null, { env: { APP_EXIT_AT_ONCE: 'FATAL no database' }, restartPolicy: 'no' })
    await up(web)
    await eventually(async () => !(await bench.container(web.instance.name)).State.Running)
    const routed = web.target.route([], [{ instance: web.instance, weight: 1 }], bench.context)
    await expect(routed).rejects.toMatchObject({
      code: 'TARGET_REFUSED',
      message: `${web.instance.name} cannot serve: it exited with code 1.`,
      details: ['FATAL no database'],
    })
  })

  test('a program that is not there is an error that names it, and stopping cleans up after it', async () => {
    const web = made('1.0.0', null, { command: ['/no-such-program'] })
    await web.target.stage(web.instance, obtain, bench.context)
    await expect(web.target.start?.(web.instance, bench.context)).rejects.toMatchObject({
      code: 'TARGET_REFUSED',
      message: expect.stringContaining('could not start') as string,
      details: [expect.stringContaining('no-such-program')],
      hint: expect.stringContaining('command:') as string,
    })
    await web.target.stop?.(web.instance, bench.context)
    expect((await look(web.target)).running).toEqual([])
  })

  test('somebody else’s container of the same name is refused and left alone', async () => {
    const web = made('1.0.0')
    await web.target.stage(web.instance, obtain, bench.context)
    const name = `${bench.scope.project}-test-web-${web.instance.name}`
    const theirs = { Image: `${repository}:1.0.1`, Labels: { 'deployctl-tests': bench.engine.run } }
    const { Id } = (await bench.call('POST', `/containers/create?name=${name}`, theirs)) as { Id: string }
    await expect(web.target.start?.(web.instance, bench.context)).rejects.toMatchObject({
      code: 'TARGET_REFUSED',
      message: `The name ${name} belongs to a container that deployctl did not make.`,
    })
    await web.target.stop?.(web.instance, bench.context)
    await web.target.prune([], bench.context)
    expect((await bench.container(web.instance.name)).Id).toBe(Id)
    await bench.call('DELETE', `/containers/${Id}`)
  })

  test('discarding removes our tag and leaves the image to those who have another', async () => {
    const web = made('1.0.0')
    await web.target.discard(web.instance, bench.context)
    await web.target.stage(web.instance, obtain, bench.context)
    await web.target.stage(web.instance, obtain, bench.context)
    expect((await look(web.target)).staged).toMatchObject([{ name: web.instance.name, status: 'staged' }])
    await web.target.discard(web.instance, bench.context)
    await web.target.discard(web.instance, bench.context)
    expect((await look(web.target)).staged).toEqual([])
    await bench.call('GET', `/images/${repository}:1.0.0/json`)
  })

  test('pruning removes what is not kept: images, ended containers; never what runs, never volumes', async () => {
    const data = { volumes: { '/data': `${bench.scope.project}-data` } }
    const [kept, old, running] = [
      made('1.0.0'),
      made('1.0.1', null, data),
      made('1.0.1', null, { env: { A: 'b' } }),
    ]
    await kept.target.stage(kept.instance, obtain, bench.context)
    await up(running)
    await up(old)
    const { Id } = await bench.container(old.instance.name)
    await bench.call('POST', `/containers/${Id}/stop`)
    const removed = await kept.target.prune([kept.instance.name], bench.context)
    expect(removed).toEqual([old.instance.name])
    const after = await look(kept.target)
    expect(after.running).toEqual([{ name: running.instance.name, status: 'running' }])
    expect(after.staged.map(({ name }) => name).sort()).toEqual(
      [kept.instance.name, running.instance.name].sort(),
    )
    await bench.call('GET', `/volumes/${bench.scope.project}-data`)
    await bench.call('DELETE', `/volumes/${bench.scope.project}-data`)
  })

  async function eventually(holds: () => Promise<boolean>): Promise<void> {
    for (let tries = 0; tries < 200; tries++) {
      if (await holds()) return
      await bench.ports.clock.sleep(50)
    }
    throw new Error('it never came to that')
  }
})
