/** The contract suite over every kind of check in the catalog. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkDrivers } from '../../../src/drivers/checks/catalog.js'
import { freePort, serveHttp, serveTcp, type Loopback } from '../../contract/loopback.js'
import { admits } from '../../contract/driver-schema.js'
import { documentedDrivers } from '../../contract/documented-drivers.js'
import { healthCheckContract, type CheckWorld } from '../../contract/health-check.contract.js'
import type { DriverSpec } from '../../../src/model/spec.js'
import { driverPorts, type DriverPorts } from '../../contract/driver-ports.js'

/** Nothing to open, nothing to close. */
const still = { leftOpen: async () => 0, close: async () => {} }

function isAlive(pid: string): boolean {
  try {
    return pid !== '' && process.kill(Number(pid), 0)
  } catch {
    return false
  }
}

function serving(
  server: Loopback,
  specs: Pick<CheckWorld, 'good' | 'bad' | 'hanging' | 'isWholeAlone'>,
): CheckWorld {
  return { ...specs, leftOpen: () => server.connections(), close: () => server.close() }
}

/** `container` asks nobody by itself; it is in a file of its own. */
type Asking = Exclude<keyof typeof checkDrivers, 'container'>

/** A tiny real program, found first, until what is answered is called. */
async function withProgram(ports: DriverPorts, name: string, script: string): Promise<() => Promise<void>> {
  const path = process.env['PATH'] ?? ''
  await writeFile(join(ports.projectDirectory, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  process.env['PATH'] = `${ports.projectDirectory}:${path}`
  return async () => {
    process.env['PATH'] = path
  }
}

/** Databases that are there, refuse, and are silent; the real ones are in a file of their own. */
async function database(ports: DriverPorts, type: string, client: string): Promise<CheckWorld> {
  const restore = await withProgram(
    ports,
    client,
    'case "$PGDATABASE$*" in *good*) echo 1;; *hang*) exec sleep 600;; *) echo "no such database" >&2; exit 2;; esac',
  )
  const at = (name: string): DriverSpec => ({ type, url: `${type}://user@127.0.0.1/${name}` })
  return { ...still, good: at('good'), bad: at('bad'), hanging: at('hang'), close: restore }
}

const worlds: Record<Asking, (ports: DriverPorts) => Promise<CheckWorld>> = {
  async http() {
    const server = await serveHttp((request, response) => {
      if (request.url === '/hang') response.write('and then')
      else if (request.url !== '/silent') response.end('up')
    })
    const at = `http://127.0.0.1:${server.port}`
    return serving(server, {
      good: { type: 'http', url: `${at}/health`, contains: 'up' },
      bad: { type: 'http', url: `http://127.0.0.1:${await freePort()}/` },
      hanging: { type: 'http', url: `${at}/hang`, contains: 'up' },
    })
  },
  async tcp() {
    const server = await serveTcp((socket) => socket.resume())
    return serving(server, {
      good: { type: 'tcp', port: server.port },
      bad: { type: 'tcp', port: await freePort() },
      hanging: null,
      isWholeAlone: true,
    })
  },
  async command(ports) {
    const pids = join(ports.projectDirectory, 'pids')
    return {
      good: { type: 'command', run: ['true'] },
      bad: { type: 'command', shell: 'echo the queue is full >&2; exit 3' },
      hanging: { type: 'command', shell: `sleep 60 & echo $$ $! > ${pids}; wait` },
      leftOpen: async () =>
        (await readFile(pids, 'utf8').catch(() => '')).split(/\s+/).filter(isAlive).length,
      close: async () => {},
    }
  },
  async process(ports) {
    const pidFile = join(ports.projectDirectory, 'own.pid')
    await writeFile(pidFile, `${process.pid}\n`)
    return {
      ...still,
      good: { type: 'process', pidFile },
      bad: { type: 'process', name: 'no-such-program-anywhere' },
      hanging: null,
    }
  },
  async disk() {
    return {
      ...still,
      good: { type: 'disk', minFree: '1B' },
      bad: { type: 'disk', path: '/no/such/folder', minFree: '1B' },
      hanging: null,
    }
  },
  async memory() {
    return {
      ...still,
      good: { type: 'memory', minAvailable: '1MiB' },
      bad: { type: 'memory', minAvailable: '900TiB' },
      hanging: null,
    }
  },
  async load() {
    return {
      ...still,
      good: { type: 'load', max: 100_000 },
      bad: { type: 'load', max: 0.000001, over: '15m' },
      hanging: null,
    }
  },
  async log(ports) {
    const file = join(ports.projectDirectory, 'app.log')
    await writeFile(file, 'started\nFATAL no database\n')
    return {
      ...still,
      good: { type: 'log', file, without: 'panic' },
      bad: { type: 'log', file, without: 'FATAL|panic' },
      hanging: null,
    }
  },
  async systemd(ports) {
    const restore = await withProgram(
      ports,
      'systemctl',
      'case "$*" in *shop-api*) s=active;; *hang*) exec sleep 600;; *) s=failed;; esac; printf "LoadState=loaded\\nActiveState=%s\\nSubState=x\\n" $s',
    )
    return {
      ...still,
      good: { type: 'systemd', unit: 'shop-api' },
      bad: { type: 'systemd', unit: 'shop-worker' },
      hanging: { type: 'systemd', unit: 'hang' },
      close: restore,
    }
  },
  postgres: (ports) => database(ports, 'postgres', 'psql'),
  mysql: (ports) => database(ports, 'mysql', 'mariadb'),
}

for (const [type, prepare] of Object.entries(worlds)) {
  healthCheckContract(checkDrivers[type as Asking], prepare) // keys of the table above
}

test('the catalog names each driver as the driver names itself', () => {
  expect(Object.entries(checkDrivers).map(([name, driver]) => [name, driver.type])).toEqual(
    [...Object.keys(worlds), 'container'].map((name) => [name, name]),
  )
})

test('the examples of the documentation show every kind, and are admitted and made', async () => {
  const ports = await driverPorts()
  const shown = documentedDrivers('health-checks.md').flatMap((spec) => {
    const { interval: _i, timeout: _t, healthyAfter: _h, deadline: _d, ...options } = spec
    const driver = Object.values(checkDrivers).find((one) => one.type === spec.type)
    if (driver === undefined) return [] // the target of a service in the same example
    expect(admits(driver.schema, options), JSON.stringify(options)).toBe(true)
    driver.create(options as DriverSpec, ports) // it came from YAML
    return [driver.type]
  })
  await ports.remove()
  expect([...new Set(shown)].sort()).toEqual(Object.keys(checkDrivers).sort())
})
