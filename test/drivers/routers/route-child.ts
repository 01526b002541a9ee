/**
 * A tiny program that does one operation of the HAProxy router and kills itself, with SIGKILL, just before its n-th
 * change to the world: a command that sets something, or a file that appears. It exits with 0 when it came to the end.
 */
import fs from 'node:fs/promises'
import { Socket } from 'node:net'
import { haproxyDriver } from '../../../src/drivers/routers/haproxy.js'
import type { RouterEnd } from '../../../src/model/router.js'
import type { DriverSpec } from '../../../src/model/spec.js'
import type { TargetScope } from '../../../src/model/target.js'
import { systemClock } from '../../../src/drivers/system/system-clock.js'
import { systemShell } from '../../../src/drivers/system/system-shell.js'

export interface RouteOrder {
  readonly options: DriverSpec
  readonly scope: TargetScope
  readonly directory: string
  readonly ends: readonly RouterEnd[] | null
  /** Instead of a route. */
  readonly forget: string | null
  /** Counted from 1. */
  readonly killBefore: number
}

const order = JSON.parse(process.argv[2] ?? '') as RouteOrder // the test's own

let count = 0
function countDown(): void {
  if (++count === order.killBefore) process.kill(process.pid, 'SIGKILL')
}

// the module object itself: every import of this bundle reads its functions from there
const disk = fs as unknown as { rename: (from: string, to: string) => Promise<void> }
const rename = disk.rename
disk.rename = (from, to) => {
  countDown()
  return rename(from, to)
}
// eslint-disable-next-line @typescript-eslint/unbound-method -- it is called with its socket below
const write = Socket.prototype.write
Object.assign(Socket.prototype, {
  write(this: Socket, ...args: unknown[]): unknown {
    if (typeof args[0] === 'string' && args[0].startsWith('set ')) countDown()
    return Reflect.apply(write, this, args)
  },
})

const router = haproxyDriver.create(order.options, order.scope, {
  clock: systemClock,
  shell: systemShell,
  secrets: { reveal: async (text) => text, mask: (text) => text, maskAll: (data) => data },
  projectDirectory: order.directory,
  cacheDirectory: order.directory,
  machine: { hostName: 'test', user: 'tester', pid: process.pid },
  program: [process.execPath],
  env: process.env,
})
const context = {
  signal: new AbortController().signal,
  deployment: 'd1',
  onProgress: () => undefined,
  onLine: () => undefined,
  onChild: async () => undefined,
}
const work =
  order.forget === null ? router.route(order.ends ?? [], context) : router.forget(order.forget, context)
work.catch((error: unknown) => {
  process.stderr.write(String(error))
  process.exitCode = 1
})
