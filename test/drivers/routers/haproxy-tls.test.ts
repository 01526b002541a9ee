/** TLS through an HAProxy of our own, with real handshakes: taken off there, or passed through to the instances. */
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { request, createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import { afterEach, beforeEach, describe, expect } from 'vitest'
import { haproxyDriver } from '../../../src/drivers/routers/haproxy.js'
import type { DriverSpec } from '../../../src/model/spec.js'
import { driverPorts, type DriverPorts } from '../../contract/driver-ports.js'
import { testWith } from '../../support/needs.js'
import { makeCertificate } from '../sources/certificate.js'
import { endOwn, freePort, quietContext, scope } from './haproxy-bench.js'
import { tinyEnd } from './tiny-end.js'

const test = testWith('haproxy')
const signal = new AbortController().signal

describe('TLS through an HAProxy of our own', () => {
  let ports: DriverPorts
  let port: number
  const ends: (() => unknown)[] = []
  const router = (more: Omit<DriverSpec, 'type'>) =>
    haproxyDriver.create({ type: 'haproxy', listen: `127.0.0.1:${port}`, ...more }, scope, ports)

  beforeEach(async ({ task }) => {
    if (task.mode === 'skip') return
    ports = await driverPorts()
    port = await freePort()
  })
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end()
    await endOwn(join(ports.projectDirectory, '.deployctl/routers/production-web-local'))
    await ports.remove()
  })

  async function certificate(name: string): Promise<{ readonly key: string; readonly cert: string }> {
    const folder = join(ports.projectDirectory, name)
    await mkdir(folder)
    return makeCertificate(folder)
  }
  /** A visitor who trusts this certificate alone. */
  async function visitor(ca: string): Promise<TLSSocket> {
    const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', ca })
    ends.push(() => socket.destroy())
    await once(socket, 'secureConnect')
    return socket
  }
  const ask = (socket: TLSSocket): Promise<string> =>
    new Promise((done, failed) => {
      const asked = request({ createConnection: () => socket, headers: { host: 'localhost' } }, (answer) => {
        answer.setEncoding('utf8').once('data', done)
      })
      asked.once('error', failed).end()
    })

  test('is taken off, and a renewed certificate is taken up by the next route', async () => {
    const blue = await tinyEnd('blue')
    ends.push(() => blue.close())
    const tls = { tls: { certificate: 'shop.pem' } }
    const [first, second] = [await certificate('first'), await certificate('second')]
    const use = ({ cert, key }: typeof first) =>
      writeFile(join(ports.projectDirectory, 'shop.pem'), cert + key)
    await use(first)
    await router(tls).route([blue.end()], quietContext())
    expect(await ask(await visitor(first.cert))).toBe('blue')
    await use(second)
    expect((await router(tls).look(signal)).trouble).toMatch(/another certificate/)
    await router(tls).route([blue.end()], quietContext())
    expect(await ask(await visitor(second.cert))).toBe('blue')
    await expect(visitor(first.cert)).rejects.toThrow(/certificate/)
    expect((await router(tls).look(signal)).trouble).toBeNull()
  })

  test('mode: tcp leaves it to the instances: each hands out its own certificate, and what is open stays', async () => {
    const serve = async (name: string) => {
      const own = await certificate(name)
      const server: Server = createServer(own, (_, response) => response.end(name))
      await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
      ends.push(() => (server.closeAllConnections(), server.close()))
      const address = { host: '127.0.0.1', port: (server.address() as AddressInfo).port } // it listens on a port
      return { cert: own.cert, end: { name, address, weight: 1 } }
    }
    const [blue, green] = [await serve('blue'), await serve('green')]
    const tcp = router({ mode: 'tcp' })
    await tcp.route([blue.end], quietContext())
    const open = await visitor(blue.cert)
    await tcp.route([green.end], quietContext())
    expect(await ask(await visitor(green.cert))).toBe('green')
    await expect(visitor(blue.cert)).rejects.toThrow(/certificate/)
    expect(await ask(open)).toBe('blue')
  })
})
