/** The check `container`, and what http, tcp and command ask of an instance that runs by itself. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { checkDrivers } from '../../../src/drivers/checks/catalog.js'
import type { DriverSpec } from '../../../src/model/spec.js'
import type { InstanceReach } from '../../../src/model/target.js'
import { driverPorts, type DriverPorts } from '../../contract/driver-ports.js'
import { expectGoodSchema } from '../../contract/driver-schema.js'
import { nowhere } from '../../support/nowhere.js'
import { serveHttp } from '../../contract/loopback.js'

let ports: DriverPorts
beforeAll(async () => {
  ports = await driverPorts()
})
afterAll(() => ports.remove())

const running: InstanceReach = {
  address: null,
  ended: null,
  health: 'none',
  restarts: 0,
  run: async () => ({ exitCode: 0, ended: 'exit', lastLines: [] }),
}

const probe = (spec: DriverSpec, reach: InstanceReach | null) =>
  checkDrivers[spec.type as keyof typeof checkDrivers]
    .create(spec, ports)
    .probe({ ...nowhere, reach }, new AbortController().signal)

test('its schema is closed, described and has examples', () => {
  expectGoodSchema('container', checkDrivers.container.schema)
})

test.each<[Partial<InstanceReach>, boolean, string]>([
  [{}, true, 'the container runs (it has no HEALTHCHECK)'],
  [{ health: 'healthy' }, true, 'the engine calls the container healthy'],
  [{ health: 'starting' }, false, 'the engine calls the container starting'],
  [{ health: 'unhealthy' }, false, 'the engine calls the container unhealthy'],
  [{ ended: 'it exited with code 1' }, false, 'it exited with code 1'],
])('container says what the engine says: %o', async (reach, healthy, seen) => {
  expect(await probe({ type: 'container' }, { ...running, ...reach })).toMatchObject({ healthy, seen })
})

test('a page and a port are asked of the instance itself, as soon as it has an address', async () => {
  const server = await serveHttp((request, response) => void response.end(`this is ${request.url ?? ''}`))
  const reach = { ...running, address: { host: '127.0.0.1', port: server.port } }
  const page = { type: 'http', path: '/health', contains: 'this is /health' }
  expect(await probe(page, reach)).toMatchObject({ healthy: true })
  expect(await probe({ type: 'tcp' }, reach)).toMatchObject({ healthy: true })
  expect(await probe(page, running)).toMatchObject({ healthy: false, seen: 'it has no address yet' })
  expect(await probe({ type: 'tcp' }, running)).toMatchObject({ healthy: false })
  await server.close()
})

test('a command runs inside, and its end is the answer', async () => {
  const run: InstanceReach['run'] = async () => ({ exitCode: 3, ended: 'exit', lastLines: ['no database'] })
  expect(await probe({ type: 'command', run: ['bin/ready'] }, { ...running, run })).toMatchObject({
    healthy: false,
    seen: '`bin/ready` exited with 3: no database',
  })
})

test.each([{ type: 'container' }, { type: 'http', path: '/' }, { type: 'tcp' }])(
  '%o on a target without instances says what to write instead',
  async (spec) => {
    await expect(probe(spec, null)).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  },
)
