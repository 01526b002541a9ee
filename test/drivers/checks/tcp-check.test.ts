import { afterEach, beforeEach, expect, test } from 'vitest'
import { driverPorts, type DriverPorts } from '../../contract/driver-ports.js'
import { freePort, serveTcp } from '../../contract/loopback.js'
import { nowhere } from '../../support/nowhere.js'
import { tcpCheck } from '../../../src/drivers/checks/tcp-check.js'

let ports: DriverPorts
beforeEach(async () => {
  ports = await driverPorts()
})
afterEach(() => ports.remove())

const probe = (options: { host?: string; port: number }, signal = new AbortController().signal) =>
  tcpCheck.create({ type: 'tcp', ...options }, ports).probe(nowhere, signal)

test.each(['127.0.0.1', '::1'])('what accepts on %s is healthy', async (address) => {
  const server = await serveTcp((socket) => socket.resume(), address)
  const shown = address === '::1' ? '[::1]' : address
  const seen = `${shown}:${server.port} accepts connections`
  expect(await probe({ host: address, port: server.port })).toEqual({ healthy: true, seen })
  expect(await probe({ host: shown, port: server.port })).toEqual({ healthy: true, seen })
  await server.close()
})

test('a port without a listener', async () => {
  const port = await freePort()
  const seen = `nothing listens on 127.0.0.1:${port} (connection refused)`
  expect(await probe({ port })).toEqual({ healthy: false, seen })
})

test('a name with several addresses, none of which answers', async () => {
  const port = await freePort()
  expect((await probe({ host: 'localhost', port })).seen).toBe(
    `nothing listens on localhost:${port} (connection refused)`,
  )
})

test('a name that does not exist', async () => {
  const answer = await probe({ host: 'no-such-host.invalid', port: 1 })
  expect(answer.seen).toMatch(
    /^the host name of no-such-host\.invalid:1 (is not known|could not be looked up)/,
  )
})

test('a host that swallows packets is waited for until time is up', async () => {
  const controller = new AbortController()
  setTimeout(() => controller.abort(), 50)
  // An address of a network that is reserved for documentation; some machines have no route and say so at once.
  const answer = await probe({ host: '192.0.2.1', port: 9 }, controller.signal)
  expect(answer.healthy).toBe(false)
  expect(answer.seen).toMatch(
    /no connection to 192\.0\.2\.1:9 within \d+ms|no route to|no answer from|nothing listens/,
  )
})
