/** HAProxy keeps the contract of routers: the user's own, and one that deployctl runs. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll } from 'vitest'
import { routerDrivers } from '../../../src/drivers/routers/catalog.js'
import type { DriverSpec } from '../../../src/model/spec.js'
import { routerContract, type RouterWorld } from '../../contract/router.contract.js'
import { endOwn, freePort, scope, startAgain, userProxy } from './haproxy-bench.js'
import type { RouteOrder } from './route-child.js'

let programFolder: string
let program: string
beforeAll(async () => {
  programFolder = await mkdtemp(join(tmpdir(), 'deployctl-child-'))
  program = join(programFolder, 'child.cjs')
  const entry = join(import.meta.dirname, 'route-child.ts')
  await build({ entryPoints: [entry], outfile: program, bundle: true, platform: 'node', logLevel: 'error' })
})
afterAll(() => rm(programFolder, { recursive: true, force: true }))

const room = 4

routerContract('haproxy (the user’s)', routerDrivers.haproxy, 'haproxy', async (ports) => {
  const servers = Array.from({ length: room }, (_, at) => `server slot${at + 1} 0.0.0.0:1 disabled`)
  const proxy = await userProxy(ports.projectDirectory, servers)
  await proxy.start()
  const options = { type: 'haproxy', socket: proxy.socket, backend: 'web', config: 'user.cfg' }
  return {
    options,
    port: proxy.port,
    room,
    async restart() {
      await proxy.stop()
      await proxy.start()
    },
    stop: () => proxy.stop(),
    killedBefore: killing(options, ports.projectDirectory),
    close: () => proxy.stop(),
  }
})

routerContract('haproxy (one of its own)', routerDrivers.haproxy, 'haproxy', async (ports) => {
  const port = await freePort()
  const folder = join(ports.projectDirectory, 'router')
  const options = { type: 'haproxy', listen: `127.0.0.1:${port}`, folder: 'router', slots: room }
  return {
    options,
    port,
    room,
    async restart() {
      await endOwn(folder)
      await startAgain(folder)
    },
    stop: () => endOwn(folder),
    killedBefore: killing(options, ports.projectDirectory),
    close: () => endOwn(folder),
  }
})

function killing(options: DriverSpec, directory: string): RouterWorld['killedBefore'] {
  return (killBefore, work) => {
    const order: RouteOrder = {
      options,
      scope,
      directory,
      ends: 'ends' in work ? work.ends : null,
      forget: 'forget' in work ? work.forget : null,
      killBefore,
    }
    return new Promise((resolve, reject) => {
      execFile(process.execPath, [program, JSON.stringify(order)], (error, _, stderr) => {
        if (error === null) resolve(false)
        else if (error.signal === 'SIGKILL') resolve(true)
        else reject(new Error(stderr))
      })
    })
  }
}
