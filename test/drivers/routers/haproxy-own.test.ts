/** An HAProxy of deployctl's own: started, found again, reloaded for another structure, and its ways with connections. */
import { once } from 'node:events'
import { readdir, writeFile } from 'node:fs/promises'
import { createServer, connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect } from 'vitest'
import { haproxyDriver } from '../../../src/drivers/routers/haproxy.js'
import type { DriverSpec } from '../../../src/model/spec.js'
import { driverPorts, type DriverPorts } from '../../contract/driver-ports.js'
import { testWith } from '../../support/needs.js'
import { endOwn, freePort, isThere, pidOfOwn, quietContext, scope } from './haproxy-bench.js'
import { getFrom, tally } from './http-asking.js'
import { tinyEnd, type TinyEnd } from './tiny-end.js'

const test = testWith('haproxy')
const signal = new AbortController().signal

describe('an HAProxy of our own', () => {
  let ports: DriverPorts
  let port: number
  let folder: string
  let blue: TinyEnd
  let green: TinyEnd
  const sockets: Socket[] = []
  const router = (more: Omit<DriverSpec, 'type'> = {}) =>
    haproxyDriver.create({ type: 'haproxy', listen: `127.0.0.1:${port}`, ...more }, scope, ports)

  beforeEach(async ({ task }) => {
    if (task.mode === 'skip') return
    ports = await driverPorts()
    port = await freePort()
    folder = join(ports.projectDirectory, '.deployctl/routers/production-web-local')
    ;[blue, green] = await Promise.all([tinyEnd('blue'), tinyEnd('green')])
  })
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy()
    await endOwn(folder)
    await Promise.all([blue.close(), green.close()])
    await ports.remove()
  })

  /** A connection that was upgraded and echoes. */
  async function upgraded(): Promise<Socket> {
    const socket = connect(port, '127.0.0.1')
    sockets.push(socket)
    socket.on('error', () => undefined)
    socket.write('GET / HTTP/1.1\r\nHost: shop.test\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n')
    const head = await new Promise<string>((done) => socket.once('data', (data) => done(String(data))))
    expect(head).toMatch(/^HTTP\/1.1 101 /)
    return socket
  }

  test('a look starts nothing; a route does, once', async () => {
    expect((await router().look(signal)).trouble).toMatch(/^HAProxy does not answer at \S+admin.sock\.$/)
    await router().route([blue.end()], quietContext())
    const pid = await pidOfOwn(folder)
    await router().route([green.end()], quietContext())
    expect(await pidOfOwn(folder)).toBe(pid)
    expect(await isThere(pid)).toBe(true)
  })

  test('after it was killed, a route starts it with the world that is asked for', async () => {
    await router().route([blue.end()], quietContext())
    process.kill(await pidOfOwn(folder), 'SIGKILL')
    await expect.poll(async () => (await router().look(signal)).trouble).toMatch(/does not answer/)
    await router().route([green.end()], quietContext())
    expect(await tally(port, 5)).toEqual({ green: 5 })
    expect(await router().look(signal)).toEqual({ ends: [green.end()], trouble: null })
  })

  test('another structure is trouble until the next route reloads it, which breaks nothing that is open', async () => {
    await router().route([blue.end()], quietContext())
    const first = await pidOfOwn(folder)
    const socket = await upgraded()
    const slow = getFrom(port, '/slow/1000')
    await expect.poll(() => blue.seen.requests, { interval: 10 }).toBe(1)

    const other = { timeout: '30s', slots: 20 }
    expect((await router(other).look(signal)).trouble).toMatch(/with other options/)
    await router(other).route([green.end()], quietContext())
    expect(await pidOfOwn(folder)).not.toBe(first)
    expect(await tally(port, 5)).toEqual({ green: 5 })
    expect((await router(other).look(signal)).trouble).toBeNull()

    // The new process does not count what the first still holds, and yet the drain knows of it.
    expect(await router({ ...other, longLived: 'wait' }).drain(['blue'], 300, quietContext())).toBe(false)
    expect(await slow).toMatchObject({ status: 200, text: 'blue' })
    socket.write('still there?')
    expect(await new Promise((done) => socket.once('data', (data) => done(String(data))))).toBe(
      'still there?',
    )
    socket.destroy()
    expect(await router(other).drain(['blue'], 20_000, quietContext())).toBe(true)
  })

  test('a port that is taken is a failure with HAProxy’s own words', async () => {
    const squatter = createServer().listen(port, '127.0.0.1')
    try {
      const failed = router().route([blue.end()], quietContext())
      await expect(failed).rejects.toMatchObject({
        code: 'COMMAND_FAILED',
        details: expect.arrayContaining([expect.stringContaining('Address already in use')]) as unknown,
      })
    } finally {
      await new Promise((done) => squatter.close(done))
    }
    await router().route([blue.end()], quietContext())
    expect(await tally(port, 3)).toEqual({ blue: 3 })
  })

  test('a reload that fails leaves the first one serving, and the next one mends it', async () => {
    await router().route([blue.end()], quietContext())
    const bad = router({ tls: { certificate: 'bad.pem' } })
    await expect(bad.route([green.end()], quietContext())).rejects.toThrow(/certificate .*bad.pem/)
    await writeFile(join(ports.projectDirectory, 'bad.pem'), 'no certificate')
    await expect(bad.route([green.end()], quietContext())).rejects.toMatchObject({ code: 'COMMAND_FAILED' })
    expect(await tally(port, 3)).toEqual({ blue: 3 })
    await router().route([green.end()], quietContext())
    expect(await tally(port, 3)).toEqual({ green: 3 })
    expect((await router().look(signal)).trouble).toBeNull()
  })

  test('where the program is missing, the message says how to get it', async () => {
    const lost = router({ program: 'haproxy-that-is-not-there' })
    await expect(lost.route([blue.end()], quietContext())).rejects.toMatchObject({
      code: 'COMMAND_NOT_FOUND',
      hint: expect.stringContaining('apt-get install haproxy') as unknown,
    })
  })

  test('an HAProxy of another service at the same socket is refused', async () => {
    await router().route([blue.end()], quietContext())
    const other = haproxyDriver.create(
      { type: 'haproxy', listen: `127.0.0.1:${await freePort()}`, folder },
      { ...scope, service: 'api' },
      ports,
    )
    expect((await other.look(signal)).trouble).toMatch(/^Another HAProxy answers/)
    await expect(other.route([green.end()], quietContext())).rejects.toThrow(/not of this service/)
    expect(await tally(port, 3)).toEqual({ blue: 3 })
  })

  test('longLived: close ends what is open at the deadline; wait leaves it', async () => {
    await router().route([blue.end()], quietContext())
    const socket = await upgraded()
    const [closed, ended] = [once(socket, 'close'), once(socket, 'end')]
    await router().route([green.end()], quietContext())
    expect(await router({ longLived: 'wait' }).drain(['blue'], 200, quietContext())).toBe(false)
    expect(blue.seen.upgrades).toBe(1)
    expect(await router().drain(['blue'], 200, quietContext())).toBe(true)
    await ended // in order, not by a reset
    expect(await closed).toEqual([false])
    await expect.poll(() => blue.seen.upgrades).toBe(0)
  })

  test('when its service has gone it ends, lets finish what is open, and leaves nothing behind', async () => {
    await router().end?.(quietContext())
    await router().route([blue.end()], quietContext())
    const pid = await pidOfOwn(folder)
    await router().end?.(quietContext())
    expect(await tally(port, 2), 'one with traffic is left as it is').toEqual({ blue: 2 })
    const socket = await upgraded()
    await router().route([], quietContext())
    await router().forget('blue', quietContext())
    await router().end?.(quietContext())
    await expect.poll(() => getFrom(port).catch(() => 'refused')).toBe('refused')
    const echoed = once(socket, 'data')
    socket.write('still there')
    expect(String((await echoed)[0])).toContain('still there')
    socket.destroy()
    await expect.poll(() => isThere(pid), { timeout: 10_000 }).toBe(false)
    await expect(readdir(folder)).rejects.toThrow('ENOENT')
    await router().end?.(quietContext())
    await router().route([blue.end()], quietContext())
    expect(await tally(port, 2)).toEqual({ blue: 2 })
  })

  test('an abort ends a drain', async () => {
    await router().route([blue.end()], quietContext())
    const slow = getFrom(port, '/slow/2000')
    await expect.poll(() => blue.seen.requests, { interval: 10 }).toBe(1)
    await router().route([green.end()], quietContext())
    const controller = new AbortController()
    const draining = router().drain(['blue'], 60_000, quietContext(controller.signal))
    setTimeout(() => controller.abort(), 100)
    await draining.catch((error: unknown) => expect(error).toMatchObject({ code: 'CANCELLED' }))
    expect(await slow).toMatchObject({ status: 200, text: 'blue' })
  })

  test('a sticky visitor stays with an instance, and leaves it when its traffic is taken away', async () => {
    const sticky = { sticky: true }
    await router(sticky).route([blue.end(), green.end()], quietContext())
    const first = await getFrom(port)
    const cookie = first.cookie ?? ''
    expect(cookie).toMatch(/^deployctl=/)
    for (let turn = 0; turn < 10; turn++) expect((await getFrom(port, '/', { cookie })).text).toBe(first.text)
    const other = first.text === 'blue' ? green : blue
    await router(sticky).route([other.end()], quietContext())
    for (let turn = 0; turn < 5; turn++) expect((await getFrom(port, '/', { cookie })).text).toBe(other.name)
    // The slot goes to another instance: the visitor's cookie is not of that one.
    await router(sticky).forget(first.text, quietContext())
    const third = await tinyEnd('third')
    try {
      await router(sticky).route([other.end(1), third.end(1)], quietContext())
      const answers = new Set<string>()
      for (let turn = 0; turn < 10; turn++) answers.add((await getFrom(port, '/', { cookie })).text)
      expect([...answers].sort()).toEqual([other.name, 'third'].sort())
    } finally {
      await third.close()
    }
  })

  test('mode: tcp passes bytes through, whatever they are', async () => {
    const echo = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.pipe(socket)
    })
    await new Promise<void>((done) => echo.listen(0, '127.0.0.1', done))
    const address = echo.address() as { port: number } // it listens on a port
    const end = { name: 'echo', address: { host: '127.0.0.1', port: address.port }, weight: 1 }
    await router({ mode: 'tcp' }).route([end], quietContext())
    const socket = connect(port, '127.0.0.1')
    sockets.push(socket)
    socket.on('error', () => undefined)
    socket.write(Buffer.from([0, 1, 2, 255]))
    const back = await new Promise<Buffer>((done) => socket.once('data', done))
    expect([...back]).toEqual([0, 1, 2, 255])
    await router({ mode: 'tcp' }).route([], quietContext())
    expect(await router({ mode: 'tcp' }).drain(['echo'], 100, quietContext())).toBe(true) // closed at the deadline
    await new Promise((done) => echo.close(done))
  })

  test('what cannot be is said before anything is done', () => {
    expect(() => router({ mode: 'tcp', sticky: true })).toThrow(/sticky: true needs mode: http/)
    expect(() => router({ folder: 'a b' })).toThrow(/cannot use this path/)
    expect(() => router({ folder: 'x'.repeat(90) })).toThrow(/too long/)
  })
})
