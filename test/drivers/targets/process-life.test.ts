/** What a process target does beyond the contract: trials, sockets that stay open, restarts, falling back, dead holders. */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { DeployError } from '../../../src/base/deploy-error.js'
import { isAlive } from '../../../src/drivers/system/process-identity.js'
import type { Instance } from '../../../src/model/instance.js'
import type { Target } from '../../../src/model/target.js'
import type { StageableRelease } from '../../support/directory-bench.js'
import {
  get,
  goodApp,
  holderProgram,
  processBench,
  until,
  type Options,
  type ProcessBench,
} from '../../support/process-bench.js'
import { activeOf, shareOf } from '../../support/shares.js'

let program: Awaited<ReturnType<typeof holderProgram>>
beforeAll(async () => {
  program = await holderProgram()
})
afterAll(() => program.remove())

let bench: ProcessBench
let target: Target
beforeEach(async () => {
  bench = await processBench(program.command, { TOKEN: 'very-secret' })
  target = bench.target()
})
afterEach(() => bench.end())

const context = () => bench.context()
const reach = (release: StageableRelease) => target.reach!(release.instance, context().signal)
const inspect = (active: StageableRelease | null) =>
  target.inspect(activeOf(active?.instance ?? null), context().signal)

async function stage(version: string, app: string = goodApp(version), options: Options = {}) {
  const release = await bench.release(version, app, options)
  await target.stage(release.instance, release.obtain, context())
  return release
}
const route = (from: StageableRelease | null, to: StageableRelease | null) =>
  target.route(shareOf(from?.instance ?? null), shareOf(to?.instance ?? null), context())
const start = ({ instance }: { readonly instance: Instance }) => target.start!(instance, context())
const stop = ({ instance }: { readonly instance: Instance }) => target.stop!(instance, context())

async function serve(version: string, app?: string): Promise<StageableRelease> {
  const release = await stage(version, app)
  await start(release)
  await route(null, release)
  return release
}

/** Ends by itself a while after its start, but not on trial. */
const crashingApp = (version: string, afterMs: number) =>
  `${goodApp(version)}
  console.log('about to fail')
  if (process.env.DEPLOYCTL_TRIAL === undefined) setTimeout(() => process.exit(3), ${afterMs})`

describe('a trial', () => {
  test('is reached by checks and by nobody else, and says that it is one', async () => {
    const tells = `import { createServer } from 'node:http'
      createServer((_, response) => response.end(process.env.DEPLOYCTL_TRIAL ?? 'real')).listen({ fd: 3 })`
    const release = await stage('1.0.0', tells)
    await start(release)
    const { address, ended } = await reach(release)
    expect(ended).toBeNull()
    expect(address?.port).not.toBe(bench.port)
    expect(await get(address?.port ?? 0)).toBe('1')
    expect(await get(bench.port)).toBe('ECONNREFUSED')
    await route(null, release)
    expect(await get(bench.port)).toBe('real')
    expect(await get(address?.port ?? 0)).toBe('ECONNREFUSED')
    expect((await reach(release)).address?.port).toBe(bench.port)
  })

  test('that ends is not started again, and what it said is told', async () => {
    const release = await stage('1.0.0', `console.log('no database'); process.exit(7)`)
    await start(release)
    await until(async () => (await reach(release)).ended !== null)
    expect((await reach(release)).ended).toMatch(/^it exited with code 7, .* after its start$/)
    const words = await target.lastWords!(release.instance, context().signal)
    expect(words[0]).toBe('no database')
    await until(async () => (await bench.holder())?.workers.length === 0)
  })

  test('of a further release leaves the one that serves alone, and stopping it leaves nothing', async () => {
    const old = await serve('1.0.0')
    const next = await stage('1.0.1')
    await start(next)
    expect(await get(bench.port)).toBe('1.0.0')
    await stop(next)
    await target.discard(next.instance, context())
    const { running, drift } = await inspect(old)
    expect(running).toEqual([{ name: old.instance.name, status: 'running' }])
    expect(drift).toEqual([])
  })
})

describe('a switch', () => {
  test('loses no request, finishes what was begun, and stops what has no sockets any more', async () => {
    const old = await serve('1.0.0')
    const next = await stage('1.0.1')
    await start(next)
    const slow = [1, 2, 3].map(() => get(bench.port, '/slow'))
    let isOver = false
    const answers = new Set<string>()
    const load = [1, 2, 3, 4].map(async () => {
      while (!isOver) answers.add(await get(bench.port))
    })
    await new Promise((resolve) => setTimeout(resolve, 100))
    await route(old, next)
    await target.drain!([old.instance], 5000, context())
    await stop(old)
    isOver = true
    await Promise.all(load)
    expect([...answers].sort()).toEqual(['1.0.0', '1.0.1'])
    expect(await Promise.all(slow)).toEqual(['1.0.0', '1.0.0', '1.0.0'])
    expect((await inspect(next)).running).toEqual([{ name: next.instance.name, status: 'running' }])
    expect((await bench.holder())?.workers).toHaveLength(1)
  })

  test('to a release that does not stay up is refused, and the old one serves on', async () => {
    const old = await serve('1.0.0')
    target = bench.target({ settle: '20s' })
    const next = await stage('1.0.1', crashingApp('1.0.1', 20))
    await start(next)
    const refused = route(old, next)
    await expect(refused).rejects.toMatchObject({ code: 'TARGET_REFUSED' })
    await expect(refused).rejects.toThrow(/did not stay up: it exited with code 3/)
    const { details } = (await refused.catch((error: unknown) => error)) as DeployError // as was just seen
    expect(details).toContain('about to fail')
    expect(await get(bench.port)).toBe('1.0.0')
    expect((await inspect(old)).drift).toEqual([])
  })

  test('to nothing leaves the sockets open: requests wait for what comes next', async () => {
    const old = await serve('1.0.0')
    await route(old, null)
    await stop(old)
    const waiting = get(bench.port)
    const next = await stage('1.0.1')
    await start(next)
    await route(null, next)
    expect(await waiting).toBe('1.0.1')
  })

  test('can be overtaken by the way back', async () => {
    const old = await serve('1.0.0')
    target = bench.target({ settle: '1m' })
    const next = await stage('1.0.1')
    const going = route(old, next)
    const outcome = expect(going).rejects.toThrow('something else was asked for')
    await until(async () => ((await bench.holder())?.workers.length ?? 0) === 2)
    await route(next, old)
    await outcome
    expect((await inspect(old)).running).toEqual([{ name: old.instance.name, status: 'running' }])
  })

  test('to the same release with other settings starts nothing anew', async () => {
    const release = await serve('1.0.0')
    const before = await bench.holder()
    target = bench.target({ stopTimeout: '7s' })
    await route(release, release)
    expect(await bench.holder()).toEqual(before)
  })

  test('to a port that somebody else has says so', async () => {
    const other = await processBench(program.command)
    try {
      const there = await serve('1.0.0')
      const options = { listen: [`127.0.0.1:${bench.port}`] }
      const release = await other.release('1.0.0', goodApp('1.0.0'), options)
      const second = other.target(options)
      await second.stage(release.instance, release.obtain, other.context())
      await second.start!(release.instance, other.context())
      await expect(second.route([], shareOf(release.instance), other.context())).rejects.toThrow(
        `cannot listen on 127.0.0.1 port ${bench.port}: something else listens there`,
      )
      expect((await inspect(there)).drift).toEqual([])
    } finally {
      await other.end()
    }
  })
})

describe('an app that ends by itself', () => {
  test('is started again, and that is told to who watches', async () => {
    const release = await serve('1.0.0')
    const [first] = (await bench.holder())?.workers ?? []
    process.kill(first?.pid ?? 0, 'SIGKILL')
    await until(async () => (await reach(release)).restarts === 1)
    expect(await get(bench.port)).toBe('1.0.0')
    expect((await inspect(release)).drift).toEqual([])
  })

  test('too often is given up, and what served before it serves again', async () => {
    target = bench.target({ restarts: { limit: 1, within: '1m' } })
    const old = await serve('1.0.0')
    const next = await stage('1.0.1', crashingApp('1.0.1', 250))
    await start(next)
    await route(old, next)
    await target.drain!([old.instance], 5000, context())
    await stop(old)
    await until(async () => (await get(bench.port)) === '1.0.0')
    await until(async () => (await inspect(next)).serving === old.instance.name)
    const { drift, running } = await inspect(next)
    const says = `${next.instance.name} was given up: it ended 2 times within 1m; at last, it exited with code 3. ${old.instance.name}, which served before it, serves again.`
    expect(drift).toContainEqual(expect.objectContaining({ kind: 'instanceMissing', message: says }))
    expect(running).toContainEqual({ name: next.instance.name, status: 'running' })
    await expect(start(next)).rejects.toThrow('was given up')
    expect(await reach(next)).toMatchObject({ ended: null, address: { port: bench.port } })
    // a third release goes its way, and its way back ends with what stands in
    const third = await stage('1.0.2')
    await start(third)
    await route(next, third)
    expect(await get(bench.port)).toBe('1.0.2')
  })

  test('with nothing to fall back to is tried on and on', async () => {
    target = bench.target({ restarts: { limit: 0, within: '1m' } })
    const release = await serve('1.0.0', crashingApp('1.0.0', 200))
    await until(async () => ((await inspect(release)).drift[0]?.message ?? '') !== '')
    expect((await inspect(release)).drift[0]?.message).toContain('does not stay up')
    await until(async () => (await reach(release)).restarts >= 2)
    expect(['1.0.0', 'ECONNRESET']).toContain(await get(bench.port))
  })
})

describe('a holder that was killed', () => {
  test('leaves the app serving; that is seen, and the next start puts it right', async () => {
    const release = await serve('1.0.0')
    const before = await bench.holder()
    process.kill(before?.pid ?? 0, 'SIGKILL')
    await until(async () => !(await isAlive(before?.pid ?? 0, before?.startedAt ?? '')))
    expect(await get(bench.port)).toBe('1.0.0')
    const { drift } = await inspect(release)
    expect(drift.map(({ kind }) => kind)).toEqual(['instanceMissing'])
    expect(drift[0]?.message).toContain('the process that held its sockets')
    await start(release)
    expect(await get(bench.port)).toBe('1.0.0')
    await route(null, release)
    expect(await get(bench.port)).toBe('1.0.0')
    expect((await inspect(release)).drift).toEqual([])
    const after = await bench.holder()
    expect(after?.workers).toHaveLength(1)
    expect(after?.workers[0]?.pid).not.toBe(before?.workers[0]?.pid)
  })

  test('is no hindrance to taking everything down', async () => {
    const before = await bench.world()
    const held = await target.claim({ deployment: 'd1', by: 'tester', incoming: [] }, context().signal)
    const release = await serve('1.0.0')
    const holder = await bench.holder()
    process.kill(holder?.pid ?? 0, 'SIGKILL')
    await until(async () => !(await isAlive(holder?.pid ?? 0, holder?.startedAt ?? '')))
    await route(release, null)
    await stop(release)
    await target.discard(release.instance, context())
    await held.release()
    expect(await bench.world()).toEqual(before)
    expect(await get(bench.port)).toBe('ECONNREFUSED')
    expect(await bench.holder()).toBeNull()
  })
})

describe('what the app is given', () => {
  const telling = `import { createServer } from 'node:http'
    import { readFileSync } from 'node:fs'
    const told = {
      env: process.env, pid: process.pid, cwd: process.cwd(), umask: process.umask().toString(8),
      limits: readFileSync('/proc/self/limits', 'utf8'), uid: process.getuid(), groups: process.getgroups(),
    }
    createServer((_, response) => response.end(JSON.stringify(told))).listen({ fd: 3 })`
  interface Told {
    readonly env: { readonly [name: string]: string }
    readonly pid: number
    readonly cwd: string
    readonly umask: string
    readonly limits: string
    readonly uid: number
  }

  test('sockets, variables, a folder, a mask and limits as deploy.yaml says; and secrets by value nowhere else', async () => {
    const socket = join(bench.folder, 'app.sock')
    const options = {
      listen: [`127.0.0.1:${bench.port}`, `[::1]:${bench.port}`, { unix: socket, mode: '0660' }],
      env: { API_TOKEN: '${secret.TOKEN}', GREETING: 'hello' },
      umask: '027',
      limits: { sigpending: { soft: 512, hard: 1024 } },
      workers: 2,
    }
    target = bench.target(options)
    const release = await stage('1.0.0', telling, options)
    await start(release)
    await route(null, release)
    const told = JSON.parse(await get(bench.port)) as Told
    expect(told.env).toMatchObject({
      API_TOKEN: 'very-secret',
      GREETING: 'hello',
      SERVER_STARTER_PORT: `127.0.0.1:${bench.port}=3;[::1]:${bench.port}=4;${socket}=5`,
      LISTEN_FDS: '3',
      LISTEN_PID: `${told.pid}`,
      DEPLOYCTL_VERSION: '1.0.0',
    })
    expect(told.env).not.toHaveProperty('VITEST')
    expect(told.cwd).toBe(target.folderOf(release.instance))
    expect(told.umask).toBe('27')
    expect(told.limits).toMatch(/Max pending signals\s+512\s+1024/)
    expect((await bench.holder())?.workers).toHaveLength(2)
    const search = promisify(execFile)('grep', ['-rl', 'very-secret', bench.path])
    await expect(search).rejects.toMatchObject({ code: 1, stdout: '' })
    const command = await readFile(`/proc/${told.pid}/cmdline`, 'utf8')
    expect(command).not.toContain('very-secret')
  })

  test.skipIf(process.getuid?.() !== 0)('another user and group', async () => {
    const options = { user: 'nobody', listen: [`127.0.0.1:${bench.port}`] }
    target = bench.target(options)
    await promisify(execFile)('chmod', ['755', bench.folder])
    const release = await stage('1.0.0', telling, options)
    await start(release)
    await route(null, release)
    const { stdout } = await promisify(execFile)('id', ['-u', 'nobody'])
    expect((JSON.parse(await get(bench.port)) as Told).uid).toBe(Number(stdout))
  })

  test('in another language the sockets are the same', async () => {
    const options = { command: ['python3', '-u', 'app.py'] }
    target = bench.target(options)
    const python = `
import os, signal, socket, sys
assert os.environ['LISTEN_PID'] == str(os.getpid())
server = socket.socket(fileno=3)
server.setblocking(True)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
while True:
    connection, _ = server.accept()
    connection.recv(65536)
    connection.sendall(b'HTTP/1.1 200 OK\\r\\nContent-Length: 6\\r\\nConnection: close\\r\\n\\r\\npython')
    connection.close()
`
    const release = await bench.release('1.0.0', python, options)
    await target.stage(release.instance, release.obtain, context())
    await promisify(execFile)('mv', ['server.mjs', 'app.py'], { cwd: target.folderOf(release.instance)! })
    await start(release)
    await route(null, release)
    expect(await get(bench.port)).toBe('python')
  })
})

describe('its log', () => {
  test('is shown and followed, and a command finds where to ask', async () => {
    const release = await serve(
      '1.0.0',
      `${goodApp('1.0.0')}; console.log('up'); setInterval(() => console.log('on'), 20)`,
    )
    const said: string[] = []
    const following = new AbortController()
    const show = (follow: boolean, signal: AbortSignal) =>
      target.logs!(release.instance, { lastLines: 1000, follow }, ({ text }) => void said.push(text), signal)
    await show(false, context().signal)
    expect(said[0]).toBe('up')
    said.length = 0
    const shown = show(true, following.signal)
    await until(async () => said.length > 3)
    following.abort()
    await shown
    const reached = await reach(release)
    const lines: string[] = []
    const request = {
      env: {},
      timeoutMs: 5000,
      onLine: ({ text }: { readonly text: string }) => void lines.push(text),
    }
    await reached.run({ shell: 'echo "$DEPLOYCTL_ADDRESS"; ls' }, request, context().signal)
    expect(lines).toEqual([`127.0.0.1:${bench.port}`, 'server.mjs'])
  })

  test('stays within its bounds, and goes with its release', async () => {
    target = bench.target({ log: { maxSize: '20kB', keep: 1 } })
    const chatty = `${goodApp('1.0.0')}
      setInterval(() => console.log('x'.repeat(2000)), 10)`
    const release = await serve('1.0.0', chatty)
    const file = join(bench.path, 'log', `${release.instance.name}.log`)
    await until(async () => (await readFile(`${file}.1`, 'utf8').catch(() => '')).length > 20_000)
    await route(release, null)
    await stop(release)
    await target.discard(release.instance, context())
    await expect(readFile(file)).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(readFile(`${file}.1`)).rejects.toMatchObject({ code: 'ENOENT' })
  })
})
