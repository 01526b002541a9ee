/** The restart after a switch: what is run, where, with which variables, and what is said when it fails. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Json } from '../../../src/base/hash.js'
import { directoryDriver } from '../../../src/drivers/targets/directory.js'
import { readOptions, type SystemdRestart } from '../../../src/drivers/targets/directory/options.js'
import {
  evidenceCommands,
  killCommand,
  pidOf,
  restartCommand,
  sayRestart,
} from '../../../src/drivers/targets/directory/restart-command.js'
import { admits } from '../../contract/driver-schema.js'
import { directoryBench, type DirectoryBench, type StageableRelease } from '../../support/directory-bench.js'
import { activeOf, shareOf } from '../../support/shares.js'

let bench: DirectoryBench
let a: StageableRelease
let b: StageableRelease
beforeEach(async () => {
  bench = await directoryBench()
  a = await bench.release('1.0.0', { 'version.txt': '1.0.0' })
  b = await bench.release('1.0.1', { 'version.txt': '1.0.1' })
  for (const { instance, obtain } of [a, b]) await bench.target().stage(instance, obtain, bench.context())
})
afterEach(() => bench.end())

const route = (restart: Json, from: StageableRelease | null, to: StageableRelease | null) =>
  bench
    .target({ restart })
    .route(shareOf(from?.instance ?? null), shareOf(to?.instance ?? null), bench.context('d7'))
const restartOf = (restart: Json) => {
  const spec = { type: 'directory', path: '/srv/x', restart }
  expect(admits(directoryDriver.schema, spec)).toBe(true)
  return readOptions(spec, '/project').restart!
}

describe('a restart by command', () => {
  const tell =
    'echo "$(pwd -P) $DEPLOYCTL_SERVICE $DEPLOYCTL_PREVIOUS_VERSION-$DEPLOYCTL_VERSION $DEPLOYCTL_DEPLOYMENT_ID $DEPLOYCTL_HOST $DEPLOYCTL_RELEASE_DIR"'

  test('runs in the real folder of the release that serves now, there and back', async () => {
    const log = join(bench.folder, 'log')
    const restart = { shell: `${tell} >> ${log}` }
    await route(restart, a, b)
    await route(restart, b, a)
    const folder = (one: StageableRelease) => join(bench.path, 'releases', one.instance.name)
    expect((await readFile(log, 'utf8')).trim().split('\n')).toEqual([
      `${folder(b)} api 1.0.0-1.0.1 d7 local ${folder(b)}`,
      `${folder(a)} api 1.0.1-1.0.0 d7 local ${folder(a)}`,
    ])
  })

  test('sees the link already switched', async () => {
    const log = join(bench.folder, 'log')
    await route({ command: ['sh', '-c', `cat ../../current/version.txt > ${log}`] }, a, b)
    expect(await readFile(log, 'utf8')).toBe('1.0.1')
  })

  test('that fails says how, with its last lines; the link is where it was switched to', async () => {
    const failing = route({ command: ['sh', '-c', 'echo out of; echo luck >&2; exit 3'] }, a, b)
    await expect(failing).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      message:
        'api could not be restarted on local: "sh -c echo out of; echo luck >&2; exit 3" exited with 3.',
      details: expect.arrayContaining(['out of', 'luck']) as string[],
      hint: expect.stringContaining(b.instance.name) as string,
    })
    const seen = await bench.target().inspect(activeOf(b.instance), bench.context().signal)
    expect(seen.serving).toBe(b.instance.name)
  })

  test('that does not end in time is ended, and says so', async () => {
    const hanging = route({ shell: 'echo waiting; exec sleep 600', timeout: '300ms' }, a, b)
    await expect(hanging).rejects.toMatchObject({ code: 'TIMEOUT', details: ['waiting'] })
  })

  test('that does not exist is told as such', async () => {
    await expect(route({ command: ['no-such-program'] }, a, b)).rejects.toMatchObject({
      code: 'COMMAND_NOT_FOUND',
    })
  })

  test('its stop is run, after the link is gone, when nothing serves any more; without one nothing is', async () => {
    const log = join(bench.folder, 'log')
    const stop = ['sh', '-c', `ls -d ../../current || echo "gone; stopping $DEPLOYCTL_VERSION" > ${log}`]
    await route({ shell: 'true', stop }, null, a)
    await route({ shell: 'true', stop }, a, null)
    expect(await readFile(log, 'utf8')).toBe('gone; stopping 1.0.0\n')
    await route({ shell: 'exit 1' }, a, null)
  })
})

describe('a restart by systemd', () => {
  test('asks systemctl with plain argument lists', () => {
    const unit = restartOf({ systemd: 'shop-api' }) as SystemdRestart
    const [serve, stop] = [
      { goal: 'serve', isFirst: false },
      { goal: 'stop', isFirst: false },
    ] as const
    expect(restartCommand(unit, serve)).toEqual({
      run: ['systemctl', '--no-ask-password', 'restart', 'shop-api'],
    })
    expect(restartCommand(unit, stop)).toEqual({
      run: ['systemctl', '--no-ask-password', 'stop', 'shop-api'],
    })
    expect(evidenceCommands(unit)).toEqual([
      { run: ['systemctl', '--no-ask-password', 'status', '--no-pager', '--full', '--lines=20', 'shop-api'] },
    ])
    const mine = restartOf({ systemd: 'worker@1.service', action: 'reload', user: true }) as SystemdRestart
    expect(sayRestart(mine, serve)).toBe('systemctl --user --no-ask-password reload worker@1.service')
  })

  test('a unit whose name is an option is refused', () => {
    const spec = { type: 'directory', path: 'x', restart: { systemd: '--root=/' } }
    expect(admits(directoryDriver.schema, spec)).toBe(false)
  })

  test('that fails shows the unit’s state and log, and how to see more', async () => {
    const said = ['* shop.service - Shop', 'Active: failed', 'FATAL could not reach db:5432']
    await withSystemctl(
      `case "$2" in status) printf '%s\\n' ${said.map((line) => `'${line}'`).join(' ')}; exit 3;; *) echo "Job for shop.service failed." >&2; exit 1;; esac`,
    )
    await expect(route({ systemd: 'shop' }, a, b)).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      message:
        'api could not be restarted on local: "systemctl --no-ask-password restart shop" exited with 1.',
      details: ['Job for shop.service failed.', ...said],
      hint: 'More: journalctl -u shop',
    })
    await expect(route({ systemd: 'shop', action: 'reload' }, a, b)).rejects.toMatchObject({
      hint: expect.stringContaining('reload-or-restart') as string,
    })
  })

  test('undoing a first deployment whose unit does not exist is no failure: there is nothing to stop', async () => {
    await withSystemctl('echo "Unit shop.service not loaded." >&2; exit 5')
    await expect(route({ systemd: 'shop' }, null, a)).rejects.toMatchObject({ code: 'COMMAND_FAILED' })
    await route({ systemd: 'shop' }, a, null)
    await withSystemctl('exit 1')
    await expect(route({ systemd: 'shop' }, a, null)).rejects.toMatchObject({
      message: expect.stringContaining('could not be stopped') as string,
    })
  })

  const path = process.env['PATH']
  afterEach(() => {
    process.env['PATH'] = path
  })

  /** A tiny real program of that name, found first. */
  async function withSystemctl(script: string): Promise<void> {
    const folder = join(bench.folder, 'bin')
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'systemctl'), `#!/bin/sh\n${script}\n`)
    await chmod(join(folder, 'systemctl'), 0o755)
    process.env['PATH'] = `${folder}:${path ?? ''}`
  }
})

describe('a restart by signal', () => {
  const pidFile = () => join(bench.path, 'app.pid')
  const restart = { pidFile: 'app.pid', signal: 'USR1' }
  let app: ChildProcess | undefined
  afterEach(() => app?.kill('SIGKILL'))

  async function startApp(): Promise<void> {
    const log = join(bench.folder, 'signals')
    app = spawn('sh', [
      '-c',
      `trap 'echo USR1 >> ${log}' USR1; trap 'echo TERM >> ${log}; exit' TERM; : > ${log}; while :; do sleep 0.02; done`,
    ])
    await writeFile(pidFile(), `${app.pid}\n`)
    await until(async () => (await readFile(log, 'utf8').catch(() => null)) !== null)
  }
  const signals = () => readFile(join(bench.folder, 'signals'), 'utf8')

  test('reaches a real process, and the end of the service ends it', async () => {
    await startApp()
    await route(restart, a, b)
    await until(async () => (await signals()) === 'USR1\n')
    const ended = once(app!, 'exit')
    await route(restart, b, null)
    await ended
    expect(await signals()).toBe('USR1\nTERM\n')
  })

  test('without a pid file, with a stale or a strange one, says what is wrong', async () => {
    const failing = () => route(restart, a, b)
    await expect(failing()).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      message: `api could not be told of its new release on local: the pid file ${pidFile()} is not there.`,
    })
    await writeFile(pidFile(), 'none\n')
    await expect(failing()).rejects.toMatchObject({
      message: expect.stringContaining('holds no process number but "none') as string,
    })
    await startApp()
    app!.kill('SIGKILL')
    await once(app!, 'exit')
    await expect(failing()).rejects.toMatchObject({
      message: expect.stringContaining(`there is no process ${app!.pid}`) as string,
    })
  })

  test('finds nothing to signal at a first deployment, nor when the program has ended by itself', async () => {
    await route(restart, null, a)
    await route(restart, a, null)
    expect(bench.said.map(({ text }) => text)).toEqual([
      `the pid file ${pidFile()} is not there: start the program yourself this first time`,
      `the pid file ${pidFile()} is not there: there is nothing to stop`,
    ])
  })

  test('never signals everybody', () => {
    for (const text of ['0', '1', '-1', '', 'abc', '12 34', '99999999999', '1e3'])
      expect(pidOf(text), text).toBeNull()
    expect(pidOf(' 123 \nrest\n')).toBe(123)
    expect(killCommand(123, 'HUP')).toEqual({ shell: 'LC_ALL=C; export LC_ALL; kill -s HUP 123' })
  })
})

describe('a place that somebody else deployed to before', () => {
  test('gets its link back when the first deployment is undone, and only then', async () => {
    await mkdir(join(bench.path, 'releases', '20230101'), { recursive: true })
    const current = join(bench.path, 'current')
    await symlink(join(bench.path, 'releases', '20230101'), current)
    const log = join(bench.folder, 'log')
    const restart = { shell: `pwd -P >> ${log}` }
    await route(restart, null, a)
    await route(restart, a, null)
    await route(restart, a, null)
    expect(await readlink(current)).toBe(join(bench.path, 'releases', '20230101'))
    await expect(route({ command: ['sh', '-c', 'exit 5'] }, a, null)).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
    })
    expect((await readFile(log, 'utf8')).trim().split('\n').at(-1)).toBe(
      join(bench.path, 'releases', '20230101'),
    )
    await route(restart, null, a)
    await bench.target().route(shareOf(a.instance), shareOf(null), bench.context('a later deployment'))
    await expect(readlink(current)).rejects.toThrow('ENOENT')
  })
})

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 1000; tries++) {
    if (await isSo()) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error('it never came')
}
