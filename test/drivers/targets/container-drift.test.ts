/** What a target says of a world that is not as recorded: each difference by name, and nothing when there is none. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Instance } from '../../../src/model/instance.js'
import type { Drift } from '../../../src/model/change.js'
import {
  engineBench,
  plainRelease,
  type EngineBench,
  type Options,
} from '../../support/containers/engine-bench.js'
import { uniqueName } from '../../support/containers/engine.js'
import { describeWith } from '../../support/needs.js'

const obtain = () => Promise.reject(new Error('an engine pulls by itself'))

describeWith('docker-engine', 'drift of containers', () => {
  let bench: EngineBench
  let network: string
  let options: Options
  let repository: string
  let copies: readonly Instance[]
  beforeEach(async () => {
    bench = await engineBench()
    network = uniqueName(bench.engine, 'net')
    await bench.call('POST', '/networks/create', {
      Name: network,
      Labels: { 'deployctl.project': bench.scope.project },
    })
    repository = await bench.images(['1.0.0', '1.0.1'])
    options = {
      image: `${repository}:1.0.0`,
      pull: 'never',
      port: 8080,
      replicas: 2,
      networks: [network],
      memory: '64MiB',
      env: { GREETING: 'hello' },
      router: { type: 'memory' },
      restartPolicy: 'no',
    }
    const target = bench.target(options)
    copies = [1, 2].map((slot) => bench.instance(plainRelease('1.0.0'), slot, options))
    for (const copy of copies) {
      await target.stage(copy, obtain, bench.context)
      await target.start?.(copy, bench.context)
    }
    await target.route(
      [],
      copies.map((instance) => ({ instance, weight: 1 })),
      bench.context,
    )
  })
  afterEach(() => bench.end())

  const inspect = (active = copies, previous: readonly Instance[] = [], own = options) =>
    bench.target(own).inspect({ active, previous }, bench.context.signal)
  const drift = async () => (await inspect()).drift
  const brief = (all: readonly Drift[]) =>
    all.map(({ kind, instance, message }) => ({ kind, instance, message }))
  const nameOf = (slot: number) => `${copies[0]!.name}-${slot}`
  const containerOf = (slot: number) => bench.container(nameOf(slot))

  test('a world as recorded has none, whatever deploy.yaml says by now', async () => {
    const seen = await inspect()
    expect(seen.drift).toEqual([])
    expect(seen.serving).toBe(copies[0]!.name)
    expect(seen.running).toEqual([1, 2].map((slot) => ({ name: nameOf(slot), status: 'running' })))
    expect(await inspect()).toEqual(seen)
    expect((await inspect(copies, [], { ...options, memory: '128MiB', env: {} })).drift).toEqual([])
  })

  test('a killed and a removed copy are missing, with how it ended', async () => {
    await bench.call('POST', `/containers/${(await containerOf(1)).Id}/kill`)
    await bench.call('DELETE', `/containers/${(await containerOf(2)).Id}?force=true`)
    expect(brief(await drift())).toEqual([
      {
        kind: 'instanceMissing',
        instance: nameOf(1),
        message: `${nameOf(1)} is recorded as running, but it exited with code 137.`,
      },
      {
        kind: 'instanceMissing',
        instance: nameOf(2),
        message: `${nameOf(2)} is recorded as running, but there is no container of it.`,
      },
    ])
  })

  test('limits, networks and a pause changed by hand are told exactly', async () => {
    const { Id } = await containerOf(1)
    await bench.call('POST', `/containers/${Id}/update`, {
      Memory: 128 * 2 ** 20,
      MemorySwap: -1,
      RestartPolicy: { Name: 'always' },
    })
    await bench.call('POST', `/networks/bridge/connect`, { Container: Id })
    await bench.call('POST', `/containers/${(await containerOf(2)).Id}/pause`)
    const changed = (await drift()).filter(({ kind }) => kind === 'instanceChanged')
    expect(changed.map(({ instance, evidence }) => [instance, evidence])).toEqual([
      [
        nameOf(1),
        [
          'memory: 64MiB → 128MiB',
          'restartPolicy: no → always',
          `networks: ${network} → ${['bridge', network].sort().join(', ')}`,
        ],
      ],
      [nameOf(2), ['it is paused']],
    ])
  })

  test('a container with our labels that somebody made from another image, with other variables, is changed', async () => {
    const { Id, Config, HostConfig } = await containerOf(1)
    await bench.call('DELETE', `/containers/${Id}?force=true`)
    const body = { Image: `${repository}:1.0.1`, Labels: Config.Labels, HostConfig }
    const name = `${bench.scope.project}-test-web-${nameOf(1)}`
    const made = (await bench.call('POST', `/containers/create?name=${name}`, body)) as { Id: string }
    await bench.call('POST', `/containers/${made.Id}/start`)
    const [first] = (await drift()).filter(({ kind }) => kind === 'instanceChanged')
    expect(first).toMatchObject({ instance: nameOf(1) })
    expect(first!.evidence).toEqual([
      expect.stringMatching(/^image: [0-9a-f]{12} was staged, [0-9a-f]{12} runs$/),
      'env: GREETING → none',
    ])
  })

  test('a copy that nothing is recorded of is a stray, unless it is kept to go back to', async () => {
    const [first, second] = copies
    const alone = await inspect([first!])
    expect(brief(alone.drift.filter(({ kind }) => kind === 'instanceStray'))).toEqual([
      {
        kind: 'instanceStray',
        instance: nameOf(2),
        message: `${nameOf(2)} runs, but nothing is recorded of it.`,
      },
    ])
    const warm = await inspect([first!], [second!])
    expect(warm.drift.filter(({ kind }) => kind === 'instanceStray')).toEqual([])
  })

  test('an image of ours that is gone, with nothing running, is a missing release', async () => {
    for (const slot of [1, 2])
      await bench.call('DELETE', `/containers/${(await containerOf(slot)).Id}?force=true`)
    await bench.target(options).discard(copies[0]!, bench.context)
    const kinds = (await drift()).map(({ kind, instance }) => [kind, instance])
    expect(kinds).toEqual([
      ['instanceMissing', nameOf(1)],
      ['instanceMissing', nameOf(2)],
      ['releaseMissing', nameOf(1)],
    ])
  })

  test('traffic that goes elsewhere, or unevenly, or to an old address, has moved', async () => {
    const [one, two] = bench.router.ends
    const said = async (ends: typeof bench.router.ends) => {
      bench.router.ends = ends
      return brief(await drift())
    }
    expect(await said([one!])).toEqual([
      { kind: 'trafficMoved', instance: nameOf(2), message: `The router sends nothing to ${nameOf(2)}.` },
    ])
    expect(await said([one!, { ...two!, weight: 0 }])).toMatchObject([{ instance: nameOf(2) }])
    expect(await said([one!, { ...two!, weight: 3 }])).toMatchObject([
      { instance: nameOf(1), message: `The router gives ${nameOf(1)} a part of 1 where others get 3.` },
    ])
    const elsewhere = { host: '198.51.100.7', port: 8080 }
    expect(await said([one!, { ...two!, address: elsewhere }])).toMatchObject([
      { instance: nameOf(2), message: expect.stringContaining('at 198.51.100.7:8080; it is at') as string },
    ])
    expect(await said([one!, two!, { name: 'other', address: elsewhere, weight: 1 }])).toMatchObject([
      { kind: 'trafficMoved', instance: 'other' },
    ])
    bench.router.trouble = 'The router does not answer.'
    expect(await said([])).toEqual([{ kind: 'trafficMoved', message: 'The router does not answer.' }])
  })

  test('a container that ends again and again is missing, in the same words at every look', async () => {
    const own = {
      ...options,
      env: { APP_CRASH_AFTER: '0', APP_EXIT_AT_ONCE: 'FATAL' },
      restartPolicy: 'always',
    }
    const crashing = bench.instance(plainRelease('1.0.0'), 3, own)
    const target = bench.target(own)
    await target.stage(crashing, obtain, bench.context)
    await target.start?.(crashing, bench.context)
    const wanted = 'it exited with code 1, and the engine starts it again and again'
    let reached = await target.reach?.(crashing, bench.context.signal)
    for (let tries = 0; tries < 200 && reached?.ended !== wanted; tries++) {
      await bench.ports.clock.sleep(50)
      reached = await target.reach?.(crashing, bench.context.signal)
    }
    expect(reached?.ended).toBe(wanted)
    expect(reached?.restarts).toBeGreaterThan(0)
  })
})
