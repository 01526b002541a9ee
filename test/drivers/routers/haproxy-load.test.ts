/** Traffic through a real HAProxy while it is switched: nothing is lost, and a canary gets the part it was given. */
import { Agent } from 'node:http'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect } from 'vitest'
import { haproxyDriver } from '../../../src/drivers/routers/haproxy.js'
import { driverPorts, type DriverPorts } from '../../contract/driver-ports.js'
import { testWith } from '../../support/needs.js'
import { endOwn, freePort, quietContext, scope } from './haproxy-bench.js'
import { getFrom } from './http-asking.js'
import { tinyEnd, type TinyEnd } from './tiny-end.js'

const test = testWith('haproxy')

describe('HAProxy under load', () => {
  let ports: DriverPorts
  let port: number
  const agents: Agent[] = []
  const open: TinyEnd[] = []
  const router = () =>
    haproxyDriver.create({ type: 'haproxy', listen: `127.0.0.1:${port}`, folder: 'router' }, scope, ports)
  const instance = async (name: string) => {
    const end = await tinyEnd(name)
    open.push(end)
    return end
  }

  beforeEach(async ({ task }) => {
    if (task.mode === 'skip') return
    ports = await driverPorts()
    port = await freePort()
  })
  afterEach(async () => {
    for (const agent of agents.splice(0)) agent.destroy()
    await endOwn(join(ports.projectDirectory, 'router'))
    await Promise.all(open.splice(0).map((end) => end.close()))
    await ports.remove()
  })

  test('ten switches between instances that end as soon as they are idle lose no request', async () => {
    let current = await instance('release-0')
    await router().route([current.end()], quietContext())
    const lost: string[] = []
    const answered = new Set<string>()
    let isOver = false
    let count = 0
    const visitor = async (agent?: Agent): Promise<void> => {
      while (!isOver) {
        const path = ++count % 20 === 0 ? '/slow/300' : '/'
        await getFrom(port, path, agent === undefined ? {} : { agent }).then(
          ({ status, text }) => (status === 200 ? answered.add(text) : lost.push(`${status}`)),
          (error: unknown) => lost.push(String(error)),
        )
      }
    }
    const visitors = Array.from({ length: 12 }, (_, at) => {
      if (at % 2 === 0) return visitor()
      const agent = new Agent({ keepAlive: true, maxSockets: 1 })
      agents.push(agent)
      return visitor(agent)
    })
    for (let turn = 1; turn <= 10; turn++) {
      const next = await instance(`release-${turn}`)
      await router().route([next.end()], quietContext())
      expect(await router().drain([current.name], 20_000, quietContext())).toBe(true)
      await router().forget(current.name, quietContext())
      await current.close() // resets what is open, if there is anything
      current = next
      await expect.poll(() => answered.has(next.name), { timeout: 10_000, interval: 10 }).toBe(true)
    }
    isOver = true
    await Promise.all(visitors)
    expect(lost).toEqual([])
    expect(answered.size).toBe(11)
    expect(count).toBeGreaterThan(200)
  })

  test('of 20,000 requests a canary of 5 % gets 5 %, within one point', async () => {
    const [old, canary] = [await instance('old'), await instance('canary')]
    await router().route([old.end(95), canary.end(5)], quietContext())
    const total = 20_000
    const counts = new Map<string, number>()
    let begun = 0
    const visitor = async (agent: Agent): Promise<void> => {
      while (begun++ < total) {
        const { status, text } = await getFrom(port, '/', { agent })
        const who = status === 200 ? text : `${status}`
        counts.set(who, (counts.get(who) ?? 0) + 1)
      }
    }
    await Promise.all(
      Array.from({ length: 8 }, () => {
        const agent = new Agent({ keepAlive: true, maxSockets: 1 })
        agents.push(agent)
        return visitor(agent)
      }),
    )
    expect((counts.get('old') ?? 0) + (counts.get('canary') ?? 0)).toBe(total)
    expect(Math.abs((100 * (counts.get('canary') ?? 0)) / total - 5)).toBeLessThan(1)
  })
})
