/** The router `alias` on a real engine, seen by a client inside the network that looks the name up each time. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Instance } from '../../../src/model/instance.js'
import type { Target } from '../../../src/model/target.js'
import {
  engineBench,
  plainRelease,
  type EngineBench,
  type Options,
} from '../../support/containers/engine-bench.js'
import { callEngine } from '../../support/containers/engine-api.js'
import { sharedEngine, uniqueName } from '../../support/containers/engine.js'
import { describeWith } from '../../support/needs.js'

/** What became of one request: its answer, or what came instead of one. */
interface Asked {
  readonly answer?: string
  readonly trouble?: string
  readonly ms: number
}
interface Copy {
  readonly target: Target
  readonly instance: Instance
}

const obtain = () => Promise.reject(new Error('an engine pulls by itself'))

/** Subnets that no other test of this run has chosen. */
let subnets = Math.floor(Math.random() * 256)

describeWith('docker-engine', 'the router alias', () => {
  let bench: EngineBench
  let repository: string
  let network: string
  let clients = 0

  beforeEach(async () => {
    bench = await engineBench()
    repository = await bench.images(['1.0.0', '1.0.1'])
    network = uniqueName(sharedEngine(), 'net')
  })
  afterEach(() => bench.end())

  async function makeNetwork(hasSubnet = true): Promise<void> {
    const IPAM = hasSubnet ? { Config: [{ Subnet: `10.213.${subnets++ % 256}.0/24` }] } : {}
    const Labels = { 'deployctl.project': bench.scope.project }
    await bench.call('POST', '/networks/create', { Name: network, Labels, IPAM })
  }
  async function up(version: string): Promise<Copy> {
    const own: Options = {
      image: `${repository}:${version}`,
      pull: 'never',
      port: 8080,
      router: { type: 'alias', network, name: 'shop' },
    }
    const copy = { target: bench.target(own), instance: bench.instance(plainRelease(version), 1, own) }
    await copy.target.stage(copy.instance, obtain, bench.context)
    await copy.target.start?.(copy.instance, bench.context)
    return copy
  }
  const route = (target: Target, ...copies: readonly Copy[]) =>
    target.route(
      [],
      copies.map(({ instance }) => ({ instance, weight: 1 })),
      bench.context,
    )
  /** A client in the network: it looks the name up for every request, as clients of an alias have to. */
  async function ask(path: string, times = 1, pauseMs = 0): Promise<readonly Asked[]> {
    const name = `${network}-client-${++clients}`
    await bench.call('POST', `/containers/create?name=${name}`, {
      Image: `${repository}:1.0.0`,
      Cmd: ['/app', 'ask', 'shop', '8080', path, `${times}`, `${pauseMs}`],
      Labels: { 'deployctl.project': bench.scope.project },
      // whom the engine asks for names that it does not know: nobody is there, and says so at once
      HostConfig: { NetworkMode: network, Dns: ['127.0.0.1'] },
      Tty: true,
    })
    await bench.call('POST', `/containers/${name}/start`)
    await bench.call('POST', `/containers/${name}/wait`)
    const { body } = await callEngine(sharedEngine().socket, 'GET', `/containers/${name}/logs?stdout=1`)
    const lines = body
      .toString()
      .split('\n')
      .filter((line) => line.trim() !== '')
    return lines.map((line) => JSON.parse(line) as Asked)
  }
  const drift = async ({ target, instance }: Copy, ...warm: readonly Copy[]) =>
    (
      await target.inspect(
        { active: [instance], previous: warm.map((copy) => copy.instance) },
        bench.context.signal,
      )
    ).drift.map(({ kind, message }) => `${kind}: ${message}`)

  test('the name leads to what serves and to nothing else, and is nobody’s before the first switch', async () => {
    await makeNetwork()
    const blue = await up('1.0.0')
    expect(await ask('/')).toMatchObject([{ trouble: 'unknown' }])
    await route(blue.target, blue)
    expect(await ask('/')).toMatchObject([{ answer: '1.0.0' }])
    const green = await up('1.0.1')
    expect((await ask('/', 5)).map(({ answer }) => answer)).toEqual(Array(5).fill('1.0.0'))
    await route(green.target, green)
    expect((await ask('/', 5)).map(({ answer }) => answer)).toEqual(Array(5).fill('1.0.1'))
    await route(green.target, green)
    expect(await drift(green, blue)).toEqual([])
    await route(green.target)
    expect(await ask('/')).toMatchObject([{ trouble: 'unknown' }])
  })

  test.each([
    { subnet: 'with a subnet of its own', slowAnswer: '1.0.0' },
    { subnet: 'without one', slowAnswer: 'none' },
  ])(
    'during a switch no fresh request is lost; one under way, $subnet: $slowAnswer',
    async ({ subnet, slowAnswer }) => {
      await makeNetwork(subnet.startsWith('with a'))
      const [blue, green] = [await up('1.0.0'), await up('1.0.1')]
      await route(blue.target, blue)
      const { NetworkSettings } = await bench.container(`${blue.instance.name}-1`)
      const address = NetworkSettings.Networks[network]?.IPAddress ?? ''
      const slow = fetch(`http://${address}:8080/slow?ms=2000`, { signal: AbortSignal.timeout(3500) })
        .then((answer) => answer.text())
        .catch(() => 'none')
      const steady = ask('/', 300, 5)
      await bench.ports.clock.sleep(500)
      await route(green.target, green)
      const answers = await steady
      expect(answers).toHaveLength(300)
      expect(answers.filter(({ trouble }) => trouble !== undefined)).toEqual([])
      expect((await slow).trim()).toBe(slowAnswer)
      expect(await drift(green, blue)).toEqual([])
      // one that serves again has its name again
      await route(blue.target, blue)
      expect(await drift(blue, green)).toEqual([])
      expect(await ask('/')).toMatchObject([{ answer: '1.0.0' }])
    },
  )

  test('a name that was taken away by hand is drift, and a switch to the same mends it', async () => {
    await makeNetwork()
    const blue = await up('1.0.0')
    await route(blue.target, blue)
    expect(await drift(blue)).toEqual([])
    const { Id } = await bench.container(`${blue.instance.name}-1`)
    await bench.call('POST', `/networks/${network}/disconnect`, { Container: Id })
    const nothing = [`trafficMoved: The router sends nothing to ${blue.instance.name}-1.`]
    expect(await drift(blue)).toEqual(nothing)
    await bench.call('POST', `/networks/${network}/connect`, { Container: Id })
    expect(await drift(blue)).toEqual(nothing)
    await route(blue.target, blue)
    expect(await drift(blue)).toEqual([])
    expect((await bench.container(`${blue.instance.name}-1`)).Id).toBe(Id)
    await blue.target.stop?.(blue.instance, bench.context)
  })

  test('a network that is not there is refused before anything is touched', async () => {
    const own = {
      image: `${repository}:1.0.0`,
      pull: 'never',
      port: 8080,
      router: { type: 'alias', network },
    }
    const request = { deployment: 'd1', by: 'ann@desk', incoming: [] }
    await expect(bench.target(own).claim(request, bench.context.signal)).rejects.toThrow(
      `There is no network ${network}`,
    )
    expect(() => bench.target({ ...own, networks: [network] })).toThrow('is the router’s')
  })
})
