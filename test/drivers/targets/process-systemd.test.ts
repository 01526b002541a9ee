/**
 * `supervisor: systemd` on a real systemd. The driver works on the machine that it is on, so this file runs itself once more
 * on the systemd host; what is tested is in the part for that side.
 */
import { execFile } from 'node:child_process'
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { digestOf } from '../../../src/base/hash.js'
import type { DeployError } from '../../../src/base/deploy-error.js'
import { processDriver } from '../../../src/drivers/targets/process.js'
import type { Target } from '../../../src/model/target.js'
import { targetContract } from '../../contract/target.contract.js'
import type { StageableRelease } from '../../support/directory-bench.js'
import { freePort } from '../../services/free-port.mjs'
import { addressOf, testWith } from '../../support/needs.js'
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

const run = promisify(execFile)
const isInside = process.env['INSIDE_SYSTEMD_HOST'] === 'true'
const root = join(import.meta.dirname, '..', '..', '..')

if (isInside) inside()
else {
  testWith('systemd-host')('systemd holds the sockets and keeps the app up', async () => {
    const { enter } = JSON.parse(addressOf('systemd-host')) as { readonly enter: readonly string[] }
    const [program = '', ...words] = enter
    const env = [
      'env',
      '-i',
      '-C',
      root,
      'INSIDE_SYSTEMD_HOST=true',
      'PATH=/usr/local/bin:/usr/bin:/bin',
      'HOME=/root',
    ]
    const vitest = [
      'node',
      'node_modules/vitest/vitest.mjs',
      'run',
      '--no-cache',
      '--project',
      'drivers',
      import.meta.filename,
    ]
    await run(program, [...words, ...env, ...vitest], { maxBuffer: 2 ** 24 }).catch((error: unknown) => {
      const { stdout, stderr } = error as { readonly stdout: string; readonly stderr: string } // as execFile rejects
      throw new Error(`${stdout}\n${stderr}`)
    })
  })
}

function inside(): void {
  const units = '/etc/systemd/system'
  const systemctl = async (...words: string[]) => (await run('systemctl', words)).stdout
  const unitsOf = async (place: string) =>
    (await readdir(units)).filter((name) => name.startsWith(`deployctl-api-${place}`)).sort()
  /** As the names of its units have it. */
  const placeOf = (bench: ProcessBench) => digestOf(bench.path).slice('sha256:'.length).slice(0, 8)
  async function end(bench: ProcessBench) {
    const pattern = `'deployctl-*api-${placeOf(bench)}*'`
    const files = ['', '*.wants/'].map((folder) => `${units}/${folder}${pattern.replaceAll("'", '')}`)
    await run('sh', [
      '-c',
      `systemctl stop ${pattern} 2>/dev/null; rm -rf ${files.join(' ')}; systemctl reset-failed ${pattern}`,
    ])
    await bench.end()
  }

  targetContract(processDriver, async () => {
    const bench = await processBench([], {}, { supervisor: 'systemd' })
    const context = bench.context()
    return {
      target: bench.target(),
      releases: [
        await bench.release('1.0.0', goodApp('1.0.0')),
        await bench.release('1.0.1', goodApp('1.0.1')),
        await bench.release('1.1.0', goodApp('1.1.0')),
      ],
      context,
      async look() {
        const { serving, running } = await bench.target().inspect(activeOf(null), context.signal)
        return { world: await bench.world(), serving, running }
      },
      end: () => end(bench),
    }
  })

  /** Each test has a place of its own. */
  const onSystemd = (title: string, act: (scene: Scene) => Promise<void>) =>
    test(title, async ({ onTestFinished }) => {
      const bench = await processBench([], { TOKEN: 'very-secret' }, { supervisor: 'systemd' })
      onTestFinished(() => end(bench))
      await act(sceneOf(bench))
    })
  type Scene = ReturnType<typeof sceneOf>
  function sceneOf(bench: ProcessBench) {
    let target: Target = bench.target()
    const context = () => bench.context()
    return {
      ...bench,
      /** From now on it has these options. */
      change: (options: Options) => (target = bench.target(options)),
      place: placeOf(bench),
      unitsThere: () => unitsOf(placeOf(bench)),
      inspect: (active: StageableRelease) => target.inspect(activeOf(active.instance), context().signal),
      reach: (release: StageableRelease) => target.reach!(release.instance, context().signal),
      lastWords: (release: StageableRelease) => target.lastWords!(release.instance, context().signal),
      drain: (release: StageableRelease) => target.drain!([release.instance], 5000, context()),
      claim: () => target.claim({ deployment: 'd1', by: 'tester', incoming: [] }, context().signal),
      route: (from: StageableRelease | null, to: StageableRelease | null) =>
        target.route(shareOf(from?.instance ?? null), shareOf(to?.instance ?? null), context()),
      start: (release: StageableRelease) => target.start!(release.instance, context()),
      stop: (release: StageableRelease) => target.stop!(release.instance, context()),
      stage: async (version: string, app = goodApp(version), options: Options = {}) => {
        const release = await bench.release(version, app, options)
        await target.stage(release.instance, release.obtain, context())
        return release
      },
    }
  }

  describe('systemd', () => {
    onSystemd(
      'the app gets what the options say, and its sockets in the order of listen',
      async ({ place, change, unitsThere, reach, route, start, stage, port, folder }) => {
        const more = await freePort()
        const listen = [`127.0.0.1:${port}`, `[::1]:${port}`, `unix:${folder}/a.sock`, `127.0.0.1:${more}`]
        const options = {
          listen,
          workers: 2,
          user: 'nobody',
          umask: '0027',
          limits: { core: { soft: 0, hard: 1024 } },
          env: { TOKEN: '${secret.TOKEN}', AWKWARD: `a "b" $HOME %n \\ 'c'; \`d\`` },
          command: [process.execPath, 'server.mjs', '$HOME %n', '"quoted" \\ ;'],
        }
        change(options)
        await run('chmod', ['-R', 'a+rX', folder])
        const app = `import { createServer } from 'node:http'
        import { readFileSync } from 'node:fs'
        const { DROPPED, TOKEN, AWKWARD, SERVER_STARTER_PORT, LISTEN_FDS, DEPLOYCTL_WORKER, DEPLOYCTL_TRIAL, DEPLOYCTL_VERSION } = process.env
        const core = /core file size +(\\d+) +(\\d+)/.exec(readFileSync('/proc/self/limits', 'utf8')).slice(1)
        const isMine = Number(process.env.LISTEN_PID) === process.pid
        for (const at of [0, 1, 2, 3]) createServer((_, response) => response.end(JSON.stringify({ at, isMine, core,
          uid: process.getuid(), umask: process.umask(), words: process.argv.slice(2), TOKEN, AWKWARD, SERVER_STARTER_PORT, DROPPED,
          LISTEN_FDS, DEPLOYCTL_WORKER, DEPLOYCTL_TRIAL, DEPLOYCTL_VERSION }))).listen({ fd: 3 + at })
        process.on('SIGTERM', () => process.exit(0))`
        const dropIn = join(units, `deployctl-api-${place}-.service.d`)
        await mkdir(dropIn)
        await writeFile(join(dropIn, 'more.conf'), '[Service]\nEnvironment=DROPPED=in\n')
        const release = await stage('1.0.0', app, options)
        await run('chmod', ['-R', 'a+rX', folder])
        await start(release)
        const { address, ended } = await reach(release)
        expect(ended).toBeNull()
        await until(async () => (await get(address!.port)).includes('"DEPLOYCTL_TRIAL":"1"'))
        expect(await get(port)).toBe('ECONNREFUSED')
        await route(null, release)
        expect(await get(address!.port)).toBe('ECONNREFUSED')
        const told = async (port: number, host: string) =>
          JSON.parse(await get(port, '/', host)) as { [key: string]: unknown }
        expect(await told(port, '127.0.0.1')).toEqual({
          at: 0,
          isMine: true,
          core: ['0', '1024'],
          uid: 65534,
          umask: 0o027,
          words: ['$HOME %n', '"quoted" \\ ;'],
          TOKEN: 'very-secret',
          AWKWARD: options.env.AWKWARD,
          SERVER_STARTER_PORT: [
            `127.0.0.1:${port}=3`,
            `[::1]:${port}=4`,
            `${folder}/a.sock=5`,
            `127.0.0.1:${more}=6`,
          ].join(';'),
          LISTEN_FDS: '4',
          DROPPED: 'in',
          DEPLOYCTL_WORKER: expect.stringMatching(/^[12]$/) as unknown,
          DEPLOYCTL_VERSION: '1.0.0',
        })
        expect(await told(port, '::1')).toMatchObject({ at: 1 })
        expect(await told(more, '127.0.0.1')).toMatchObject({ at: 3 })
        for (const name of await unitsThere()) {
          expect(await readFile(join(units, name), 'utf8').catch(() => '')).not.toContain('very-secret')
        }
        const [unit = ''] = (await unitsThere()).filter((name) => name.includes('1.0.0'))
        expect(await systemctl('show', unit.replace('@', '@1'))).not.toContain('very-secret')
      },
    )

    onSystemd(
      'a release that ends is started again; ended too often, the one before it serves again',
      async ({ change, inspect, lastWords, drain, route, start, stop, stage, port }) => {
        change({ restarts: { limit: 1, within: '1m' } })
        const old = await stage('1.0.0')
        await start(old)
        await route(null, old)
        const next = await stage(
          '1.0.1',
          `${goodApp('1.0.1')}
        console.log('about to fail')
        if (process.env.DEPLOYCTL_TRIAL === undefined) setTimeout(() => process.exit(3), 300)`,
        )
        await start(next)
        await route(old, next)
        await drain(old)
        await stop(old)
        await until(async () => (await get(port)) === '1.0.0')
        await until(async () => (await inspect(next)).drift.length === 1)
        const { drift, running } = await inspect(next)
        expect(drift.map(({ message }) => message)).toEqual([
          `${next.instance.name} was given up: it ended 2 times within 1m; at last, it exited with code 3. ${old.instance.name}, which served before it, serves again.`,
        ])
        expect(running!.map(({ name }) => name).sort()).toEqual([old.instance.name, next.instance.name])
        expect(await lastWords(next)).toContain('about to fail')
        await expect(start(next)).rejects.toThrow('was given up')
        const good = await stage('1.0.2')
        await start(good)
        await route(next, good)
        expect(await get(port)).toBe('1.0.2')
        expect((await inspect(good)).drift).toEqual([])
      },
    )

    onSystemd(
      'to a release that does not stay up no switch is made',
      async ({ change, unitsThere, inspect, route, start, stage, port }) => {
        const old = await stage('1.0.0')
        await start(old)
        await route(null, old)
        change({ settle: '20s' })
        const before = await unitsThere()
        const next = await stage(
          '1.0.1',
          `console.log('no database'); if (process.env.DEPLOYCTL_TRIAL === undefined) process.kill(process.pid, 'SIGKILL')
        setTimeout(() => undefined, 60_000)`,
        )
        await start(next)
        const refused = await route(old, next).catch((error: unknown) => error as DeployError)
        expect(refused).toMatchObject({
          code: 'TARGET_REFUSED',
          message: `${next.instance.name} did not stay up: SIGKILL ended it.`,
        })
        expect((refused as DeployError).details).toContain('no database')
        expect(await get(port)).toBe('1.0.0')
        expect((await inspect(old)).drift).toEqual([])
        expect(await unitsThere()).toEqual(before)
      },
    )

    onSystemd(
      'addresses come and go while the app is switched, and nothing is left of what is taken down',
      async ({ change, unitsThere, claim, route, start, stop, stage, port }) => {
        const more = await freePort()
        const old = await stage('1.0.0')
        await start(old)
        await route(null, old)
        change({ listen: [`127.0.0.1:${more}`, `127.0.0.1:${port}`] })
        const next = await stage('1.0.1')
        await start(next)
        await route(old, next)
        expect(await get(more)).toBe('1.0.1')
        change({})
        const slow = get(more, '/slow')
        await route(next, old)
        expect(await get(port)).toBe('1.0.0')
        expect(await slow).toBe('1.0.1')
        change({ listen: [`127.0.0.1:${more}`] })
        await route(old, next) // which has the address still, until it has ended
        expect(await get(more)).toBe('1.0.1')
        await route(next, null)
        await stop(next)
        await stop(old)
        await (await claim()).release()
        expect(await unitsThere()).toEqual([])
        expect(await get(more)).toBe('ECONNREFUSED')
      },
    )

    onSystemd(
      'what starts with the machine is what serves; what somebody has stopped is put right',
      async ({ place, inspect, route, start, stop, stage, port }) => {
        const old = await stage('1.0.0')
        await start(old)
        await route(null, old)
        const next = await stage('1.0.1')
        await start(next)
        await route(old, next)
        await stop(old)
        const wanted = await readdir(join(units, 'multi-user.target.wants'))
        await systemctl('stop', `deployctl-api-${place}*`)
        expect(await get(port)).toBe('ECONNREFUSED')
        await systemctl('start', ...wanted.filter((name) => name.includes(place)))
        await until(async () => (await get(port)) === '1.0.1')
        expect((await inspect(next)).drift).toEqual([])
        await systemctl('stop', `deployctl-api-${place}-*@1.service`)
        const { drift } = await inspect(next)
        expect(drift.map(({ message }) => message)).toEqual([
          `${next.instance.name} is recorded as running, but nothing of it runs.`,
        ])
        await start(next)
        await route(next, next)
        expect(await get(port)).toBe('1.0.1')
        expect((await inspect(next)).drift).toEqual([])
      },
    )

    test('another supervisor takes the app over, and gives it back', async ({ onTestFinished }) => {
      const program = await holderProgram()
      const bench = await processBench(program.command)
      onTestFinished(() => end(bench).then(() => program.remove()))
      const held = sceneOf(bench)
      const old = await held.stage('1.0.0')
      await held.start(old)
      await held.route(null, old)
      const next = sceneOf(bench)
      next.change({ supervisor: 'systemd' })
      const same = await next.stage('1.0.0', goodApp('1.0.0'), { supervisor: 'systemd' })
      await next.start(same)
      await next.route(old, same)
      await held.stop(old)
      expect(await bench.holder()).toBeNull()
      expect(await get(bench.port)).toBe('1.0.0')
      expect((await next.inspect(same)).drift).toEqual([])
      await held.start(old)
      await held.route(same, old)
      await next.stop(same)
      expect(await next.unitsThere()).toEqual([])
      expect(await get(bench.port)).toBe('1.0.0')
    })

    onSystemd(
      'a port that is taken is refused before anything has changed',
      async ({ route, start, stage, port }) => {
        const release = await stage('1.0.0')
        const { createServer } = await import('node:net')
        const other = createServer().listen(port, '127.0.0.1')
        await new Promise((resolve) => other.once('listening', resolve))
        await start(release)
        await expect(route(null, release)).rejects.toThrow(
          `cannot listen on 127.0.0.1 port ${port}: something else listens there`,
        )
        await new Promise((resolve) => other.close(resolve))
        await route(null, release)
        expect(await get(port)).toBe('1.0.0')
      },
    )
  })
}
