/** The contract suite over every kind of notifier in the catalog. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import type { DriverSpec } from '../../../src/model/spec.js'
import { driverPorts, type DriverPorts } from '../../contract/driver-ports.js'
import { freePort, serveHttp } from '../../contract/loopback.js'
import { admits } from '../../contract/driver-schema.js'
import { documentedDrivers } from '../../contract/documented-drivers.js'
import { notifierContract, type NotifierWorld } from '../../contract/notifier.contract.js'
import { notifierDrivers } from '../../../src/drivers/notifiers/catalog.js'

/** A server whose address holds a secret, and which repeats it in its refusal. */
async function hookWorld(type: 'webhook' | 'slack'): Promise<NotifierWorld> {
  const bodies: string[] = []
  const server = await serveHttp((request, response) => {
    void text(request).then((body) => {
      const path = request.url ?? ''
      if (path.startsWith('/good')) {
        bodies.push(body)
        response.end('ok')
      } else if (path.startsWith('/refused')) {
        response.writeHead(404).end(`there is no hook ${path}`)
      }
    })
  })
  const at = `http://127.0.0.1:${server.port}`
  return {
    good: { type, url: `${at}/good/\${secret.WORD}` },
    refused: { type, url: `${at}/refused/\${secret.WORD}?key=\${secret.WORD}` },
    unreachable: { type, url: `http://127.0.0.1:${await freePort()}/\${secret.WORD}` },
    hanging: { type, url: `${at}/hang/\${secret.WORD}` },
    received: async () => bodies,
    leftOpen: () => server.connections(),
    close: () => server.close(),
  }
}

const worlds: Record<keyof typeof notifierDrivers, (ports: DriverPorts) => Promise<NotifierWorld>> = {
  webhook: () => hookWorld('webhook'),
  slack: () => hookWorld('slack'),
  async command(ports) {
    const env = { WORD: '${secret.WORD}' }
    return {
      good: { type: 'command', shell: 'cat >> received', env },
      refused: { type: 'command', shell: 'echo "not with $WORD"; exit 3', env },
      unreachable: null,
      hanging: { type: 'command', run: ['sleep', '60'] },
      received: async () =>
        (await readFile(join(ports.projectDirectory, 'received'), 'utf8')).trimEnd().split('\n'),
      leftOpen: async () => 0,
      close: async () => {},
    }
  },
}

for (const [type, prepare] of Object.entries(worlds)) {
  notifierContract(notifierDrivers[type as keyof typeof notifierDrivers], prepare) // keys of the table above
}

test('the catalog names each driver as the driver names itself', () => {
  expect(Object.entries(notifierDrivers).map(([name, driver]) => [name, driver.type])).toEqual(
    Object.keys(worlds).map((name) => [name, name]),
  )
})

test('the examples of the documentation show every kind, and are admitted and made', async () => {
  const ports = await driverPorts()
  const shown = documentedDrivers('notifiers.md').map(({ events: _, ...options }) => {
    const driver = Object.values(notifierDrivers).find((one) => one.type === options.type)
    expect(admits(driver?.schema ?? {}, options), JSON.stringify(options)).toBe(true)
    driver?.create(options as DriverSpec, ports) // it came from YAML
    return options.type
  })
  await ports.remove()
  expect([...new Set(shown)].sort()).toEqual(Object.keys(notifierDrivers).sort())
})
