/** The user's own HAProxy: what is missing is said, nothing of others is taken, and their file stays theirs. */
import { chmod, lstat, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect } from 'vitest'
import { haproxyDriver } from '../../../src/drivers/routers/haproxy.js'
import type { DriverSpec } from '../../../src/model/spec.js'
import { driverPorts, type DriverPorts } from '../../contract/driver-ports.js'
import { testWith } from '../../support/needs.js'
import { quietContext, scope, userProxy, type UserProxy } from './haproxy-bench.js'
import { tally } from './http-asking.js'
import { tinyEnd, type TinyEnd } from './tiny-end.js'

const test = testWith('haproxy')
const signal = new AbortController().signal

describe('an HAProxy that is there already', () => {
  let ports: DriverPorts
  let blue: TinyEnd
  let green: TinyEnd
  let proxy: UserProxy | null = null
  const router = (more: Omit<DriverSpec, 'type'> = {}) =>
    haproxyDriver.create({ type: 'haproxy', socket: 'user.sock', backend: 'web', ...more }, scope, ports)
  const started = async (...rest: Parameters<typeof userProxy> extends [string, ...infer R] ? R : never) => {
    proxy = await userProxy(ports.projectDirectory, ...rest)
    await proxy.start()
    return proxy
  }

  beforeEach(async ({ task }) => {
    if (task.mode === 'skip') return
    ports = await driverPorts()
    ;[blue, green] = await Promise.all([tinyEnd('blue'), tinyEnd('green')])
  })
  afterEach(async () => {
    await proxy?.stop()
    proxy = null
    await Promise.all([blue.close(), green.close()])
    await ports.remove()
  })

  test('where nothing answers, the message says which line it takes', async () => {
    await expect(router().route([blue.end()], quietContext())).rejects.toMatchObject({
      code: 'TARGET_REFUSED',
      hint: expect.stringMatching(/stats socket \S+user\.sock level admin/) as unknown,
    })
  })

  test('a backend that is missing, or has no servers, is answered with the lines it takes', async () => {
    await started([], { backend: 'backend other' })
    const lines = expect.arrayContaining([
      expect.stringContaining('server slot1 0.0.0.0:1 disabled'),
    ]) as unknown
    await expect(router().route([blue.end()], quietContext())).rejects.toMatchObject({
      message: expect.stringMatching(/has no backend web\.$/) as unknown,
      details: lines,
    })
    await expect(router({ backend: 'other' }).route([blue.end()], quietContext())).rejects.toMatchObject({
      message: expect.stringMatching(/has no servers\.$/) as unknown,
      details: lines,
    })
    expect((await router().look(signal)).trouble).toMatch(/has no backend web\.$/)
  })

  test('a socket that may only look is answered with the word it takes', async () => {
    await started(['server slot1 0.0.0.0:1 disabled'], { level: 'user' })
    await expect(router().route([blue.end()], quietContext())).rejects.toMatchObject({
      hint: expect.stringContaining('level admin') as unknown,
    })
  })

  test('servers of others are trouble and never taken; those at an address that is asked for are', async () => {
    const own = `server left 127.0.0.1:${blue.port}`
    const user = await started([
      own,
      `server right 127.0.0.1:${green.port}`,
      'server spare 0.0.0.0:1 disabled',
    ])
    expect((await router().look(signal)).trouble).toMatch(/sends traffic to 127\.0\.0\.1:\d+ \(left\), which/)
    await expect(router().route([blue.end()], quietContext())).rejects.toMatchObject({
      code: 'TARGET_REFUSED',
      details: [expect.stringMatching(/^right at 127\.0\.0\.1/)],
    })
    expect(Object.keys(await tally(user.port, 10)).sort()).toEqual(['blue', 'green'])
    await router().route([blue.end(), green.end()], quietContext())
    expect(await router().look(signal)).toEqual({ ends: [blue.end(), green.end()], trouble: null })
    await router().route([green.end()], quietContext())
    expect(await tally(user.port, 10)).toEqual({ green: 10 })
  })

  test('what was changed by hand is seen and put right', async () => {
    const user = await started(['server a 0.0.0.0:1 disabled', 'server b 0.0.0.0:1 disabled'])
    await router().route([blue.end(3), green.end(1)], quietContext())
    await user.ask('set server web/b weight 3')
    expect((await router().look(signal)).ends).toEqual([blue.end(3), green.end(3)])
    await user.ask(`set server web/a addr 127.0.0.1 port ${green.port}`)
    expect((await router().look(signal)).trouble).toMatch(/sends the traffic of blue \(a\) to 127/)
    await user.ask('set server web/b state maint')
    await router().route([blue.end(3), green.end(1)], quietContext())
    expect(await router().look(signal)).toEqual({ ends: [blue.end(3), green.end(1)], trouble: null })
    expect(await tally(user.port, 8)).toEqual({ blue: 6, green: 2 })
  })

  test('where the note is lost, the instances are found again by their addresses', async () => {
    await started(['server a 0.0.0.0:1 disabled', 'server b 0.0.0.0:1 disabled'])
    await router().route([blue.end()], quietContext())
    const folder = join(ports.projectDirectory, '.deployctl')
    await writeFile(join(folder, 'routers/production-web-local/slots.json'), 'nonsense')
    expect((await router().look(signal)).trouble).toMatch(/is not what deployctl wrote there/)
    await rm(folder, { recursive: true })
    await router().route([blue.end(), green.end()], quietContext())
    expect(await router().look(signal)).toEqual({ ends: [blue.end(), green.end()], trouble: null })
  })

  test('in the file only the lines of its own servers change, through a link and with its mode', async () => {
    const user = await started([
      '# ours',
      'server a 0.0.0.0:1 disabled maxconn 50  # the first',
      'server b 0.0.0.0:1 maxconn 60 disabled',
      '',
      'backend others',
      `  server a 127.0.0.1:9 weight 7`,
    ])
    await chmod(user.config, 0o640)
    await symlink('user.cfg', join(ports.projectDirectory, 'link.cfg'))
    const before = (await readFile(user.config, 'utf8')).split('\n')
    await router({ config: 'link.cfg' }).route([blue.end(3), green.end(1)], quietContext())
    const after = (await readFile(user.config, 'utf8')).split('\n')
    expect(after.filter((line) => !before.includes(line))).toEqual([
      `  server a 127.0.0.1:${blue.port} maxconn 50 weight 3  # the first`,
      `  server b 127.0.0.1:${green.port} maxconn 60 weight 1`,
    ])
    expect(after).toHaveLength(before.length)
    expect((await stat(user.config)).mode & 0o777).toBe(0o640)
    expect((await lstat(join(ports.projectDirectory, 'link.cfg'))).isSymbolicLink()).toBe(true)
    await router({ config: 'link.cfg' }).forget('green', quietContext())
    expect(await readFile(user.config, 'utf8')).toContain('  server b 0.0.0.0:1 maxconn 60 disabled\n')
  })

  test('a file without the backend is refused before anything changes', async () => {
    const user = await started(['server a 0.0.0.0:1 disabled'])
    await writeFile(join(ports.projectDirectory, 'wrong.cfg'), 'backend other\n  server a 0.0.0.0:1\n')
    const wrong = router({ config: 'wrong.cfg' })
    await expect(wrong.route([blue.end()], quietContext())).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    expect(await tally(user.port, 2)).toEqual({ '503': 2 })
  })

  test('an address that is a name is refused', async () => {
    await started(['server a 0.0.0.0:1 disabled'])
    const named = { ...blue.end(), address: { host: 'localhost', port: blue.port } }
    await expect(router().route([named], quietContext())).rejects.toThrow(/takes no name/)
  })

  test('one that accepts and says nothing is given up', async () => {
    const mute = await new Promise<Server>((done) => {
      const server = createServer((socket) => socket.on('error', () => undefined))
      server.listen(join(ports.projectDirectory, 'user.sock'), () => done(server))
    })
    const controller = new AbortController()
    const looking = router().look(controller.signal)
    setTimeout(() => controller.abort(), 100)
    await expect(looking).rejects.toMatchObject({ code: 'CANCELLED' })
    expect((await router().look(signal)).trouble).toMatch(/gave no answer to .* within 5 s/)
    mute.close()
  })
})
