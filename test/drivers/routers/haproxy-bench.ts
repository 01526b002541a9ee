/** Real HAProxies for the tests of their router: one that stands for the user's, and the end of those that are ours. */
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { OperationContext, TargetScope } from '../../../src/model/target.js'
import { isAlive } from '../../../src/drivers/system/process-identity.js'
import { systemClock } from '../../../src/drivers/system/system-clock.js'
import { runtimeSocket } from '../../../src/drivers/routers/haproxy/runtime-socket.js'
import { addressOf } from '../../support/needs.js'

export const scope: TargetScope = {
  project: 'shop',
  environment: 'production',
  service: 'web',
  host: 'local',
  link: null,
  linkAs: () => {
    throw new Error('unused')
  },
  linkTo: () => {
    throw new Error('unused')
  },
}

export function quietContext(signal = new AbortController().signal): OperationContext {
  return {
    signal,
    deployment: 'd1',
    onProgress: () => undefined,
    onLine: () => undefined,
    onChild: async () => undefined,
  }
}

/** Below the range from which the kernel gives ports to whoever asks for any. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 15_000 + Math.floor(Math.random() * 15_000)
    const probe = createServer()
    const isFree = await new Promise<boolean>((answer) => {
      probe.once('error', () => answer(false))
      probe.listen(port, '127.0.0.1', () => answer(true))
    })
    await new Promise((done) => probe.close(done))
    if (isFree) return port
  }
}

export interface UserProxy {
  readonly port: number
  readonly socket: string
  readonly config: string
  ask(command: string): Promise<string>
  start(): Promise<void>
  stop(): Promise<void>
}

/** An HAProxy as users have one, with `backend web` in its configuration. */
export async function userProxy(
  folder: string,
  servers: readonly string[],
  { level = 'admin', backend = 'backend web\n  balance roundrobin' } = {},
): Promise<UserProxy> {
  const port = await freePort()
  const socket = join(folder, 'user.sock')
  const config = join(folder, 'user.cfg')
  const lines = [
    'global',
    `  stats socket ${socket} mode 600 level ${level}`,
    'defaults',
    '  mode http',
    '  timeout connect 5s',
    '  timeout client 1m',
    '  timeout server 1m',
    '  option idle-close-on-response',
    'frontend in',
    `  bind 127.0.0.1:${port}`,
    ...(backend.startsWith('backend web') ? ['  default_backend web'] : []),
    backend,
    ...servers.map((server) => `  ${server}`),
    '',
  ]
  await writeFile(config, lines.join('\n'))
  const ask = runtimeSocket(socket, systemClock)
  const asking = (command: string) => ask(command, new AbortController().signal)
  let child: ChildProcess | null = null
  return {
    port,
    socket,
    config,
    ask: asking,
    async start() {
      const started = spawn(addressOf('haproxy'), ['-db', '-f', config], { stdio: 'ignore' })
      child = started
      for (let tries = 0; ; tries++) {
        const isThere = await asking('show info').then(
          () => true,
          () => false,
        )
        if (isThere) return
        if (tries > 200 || started.exitCode !== null) throw new Error(await whyNot(config))
        await systemClock.sleep(25)
      }
    },
    async stop() {
      if (child === null || child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      child.kill('SIGTERM')
      await gone
    },
  }
}

async function whyNot(config: string): Promise<string> {
  const checked = await promisify(execFile)(addressOf('haproxy'), ['-c', '-f', config]).catch(
    (error: unknown) => error as { stderr: string }, // what execFile rejects with
  )
  return `HAProxy does not start: ${checked.stderr}`
}

export async function pidOfOwn(folder: string): Promise<number> {
  return Number((await readFile(join(folder, 'haproxy.pid'), 'utf8')).trim())
}

/** Ends an HAProxy that deployctl started in this folder, if there is one, and waits until it is gone. */
export async function endOwn(folder: string): Promise<void> {
  const pid = await pidOfOwn(folder).catch(() => null)
  if (pid === null || !(await isThere(pid))) return
  process.kill(pid, 'SIGTERM')
  for (let tries = 0; tries < 400 && (await isThere(pid)); tries++) await systemClock.sleep(10)
}

/** Starts it again with nothing but what lies in its folder, as a person would. */
export async function startAgain(folder: string): Promise<void> {
  const files = ['-f', join(folder, 'haproxy.cfg'), '-p', join(folder, 'haproxy.pid')]
  await promisify(execFile)(addressOf('haproxy'), ['-D', ...files])
}

/** One that has ended and waits to be reaped is not. */
export function isThere(pid: number): Promise<boolean> {
  return isAlive(pid, '')
}
