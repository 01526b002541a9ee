/**
 * A tiny program that does one operation of a directory target and kills itself, with SIGKILL, just before its n-th
 * change to the file system. Its argument is JSON; it exits with 0 when it came to the end.
 */
import fs from 'node:fs/promises'
import { directoryDriver } from '../../src/drivers/targets/directory.js'
import type { Json } from '../../src/base/hash.js'
import type { Instance } from '../../src/model/instance.js'
import type { OperationContext } from '../../src/model/target.js'
import { driverPorts } from '../contract/driver-ports.js'
import { stillClock } from './still-clock.js'
import { shareOf, testScope } from './shares.js'

export interface ChildOrder {
  readonly path: string
  readonly options: { readonly [option: string]: Json }
  readonly verb: 'stage' | 'discard' | 'route' | 'prune' | 'claim'
  readonly instance: Instance
  readonly from: Instance | null
  readonly artifact: string
  /** Counted from 1. */
  readonly killBefore: number
}

const changes = [
  'mkdir',
  'rename',
  'rm',
  'rmdir',
  'unlink',
  'symlink',
  'link',
  'chmod',
  'lchown',
  'cp',
] as const
const order = JSON.parse(process.argv[2] ?? '') as ChildOrder

let count = 0
function countDown(): void {
  if (++count === order.killBefore) process.kill(process.pid, 'SIGKILL')
}

// the module object itself: every import of this bundle reads its functions from there
const disk = fs as unknown as { [name: string]: (...args: unknown[]) => unknown }
for (const name of changes) {
  const real = disk[name]!
  disk[name] = (...args) => {
    countDown()
    return real(...args)
  }
}
const open = disk['open']!
disk['open'] = (...args) => {
  if (/[wa+]/.test(typeof args[1] === 'string' ? args[1] : 'r')) countDown()
  return open(...args)
}

const context: OperationContext = {
  signal: new AbortController().signal,
  deployment: 'd1',
  onProgress: () => undefined,
  onLine: () => undefined,
  onChild: async () => undefined,
}

async function main(): Promise<void> {
  const ports = { ...(await driverPorts()), clock: stillClock }
  const target = directoryDriver.create(
    { type: 'directory', path: order.path, ...order.options },
    testScope,
    ports,
  )
  const { instance, from, artifact } = order
  const obtain = async () => ({ kind: 'folder', path: artifact, name: 'release' }) as const
  count = 0
  await {
    stage: () => target.stage(instance, obtain, context),
    discard: () => target.discard(instance, context),
    route: () => target.route(shareOf(from), shareOf(instance), context),
    prune: () => target.prune([], context),
    claim: () => target.claim({ deployment: 'd1', by: 'child', incoming: [] }, context.signal),
  }[order.verb]()
}

void main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${String(error)}\n`)
    process.exit(1)
  },
)
