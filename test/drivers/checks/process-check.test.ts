import { spawn, type ChildProcess } from 'node:child_process'
import { copyFile, writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { driverPorts, type DriverPorts } from '../../contract/driver-ports.js'
import { nowhere } from '../../support/nowhere.js'
import { parsePs, parseStat } from '../../../src/drivers/checks/process-table.js'
import { processCheck } from '../../../src/drivers/checks/process-check.js'

let ports: DriverPorts
const children: ChildProcess[] = []
beforeEach(async () => {
  ports = await driverPorts()
})
afterEach(async () => {
  for (const child of children.splice(0)) await ended(child)
  await ports.remove()
})

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}

async function started(program: string, args: readonly string[]): Promise<ChildProcess> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] })
  children.push(child)
  await once(child, 'spawn')
  return child
}

function probe(options: Record<string, string>) {
  return processCheck
    .create({ type: 'process', ...options }, ports)
    .probe(nowhere, new AbortController().signal)
}

async function pidFile(text: string): Promise<string> {
  await writeFile(join(ports.projectDirectory, 'service.pid'), text)
  return 'service.pid'
}

describe('a pidfile', () => {
  const file = () => join(ports.projectDirectory, 'service.pid')

  test('of a live process', async () => {
    const { pid } = await started('sleep', ['60'])
    const seen = `alive: process ${pid} ("sleep") of ${file()}`
    expect(await probe({ pidFile: await pidFile(`${pid}\n/srv/data\n5432\n`) })).toEqual({
      healthy: true,
      seen,
    })
  })

  test('of a process that is gone is stale', async () => {
    const child = await started('sleep', ['60'])
    const name = await pidFile(String(child.pid))
    await ended(child)
    const seen = `stale: ${file()} names process ${child.pid}, which is gone`
    expect(await probe({ pidFile: name })).toEqual({ healthy: false, seen })
  })

  test('of a number that another program has now is stale', async () => {
    const { pid } = await started('sleep', ['60'])
    const name = await pidFile(String(pid))
    expect((await probe({ pidFile: name, name: 'sleep', matches: '60$' })).healthy).toBe(true)
    expect((await probe({ pidFile: name, name: 'nginx' })).seen).toBe(
      `stale: ${file()} names process ${pid}, which is now "sleep", not one called "nginx"`,
    )
    expect((await probe({ pidFile: name, matches: 'server\\.js' })).healthy).toBe(false)
  })

  test('of a process that ended and was not asked how is dead', async () => {
    // The shell becomes a program that never asks after the child it was left with.
    const parent = await started('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60'])
    const [line] = (await once(parent.stdout!, 'data')) as [Buffer] // the child's output is bytes
    const left = line.toString().trim()
    const became = async () =>
      (await probe({ pidFile: await pidFile(String(parent.pid)), name: 'sleep' })).healthy
    await expect.poll(became, { timeout: 10_000 }).toBe(true)
    process.kill(Number(left), 'SIGKILL')
    const name = await pidFile(left)
    await expect
      .poll(async () => (await probe({ pidFile: name })).seen, { timeout: 10_000 })
      .toBe(`dead: process ${left} of ${file()} has ended (a zombie)`)
  })

  test.each([
    ['', 'dead: FILE holds no process number but ""'],
    ['starting', 'dead: FILE holds no process number but "starting"'],
    ['-1', 'dead: FILE holds no process number but "-1"'],
    ['0', 'dead: FILE holds no process number but "0"'],
  ])('with "%s"', async (text, seen) => {
    const answer = await probe({ pidFile: await pidFile(text) })
    expect(answer).toEqual({ healthy: false, seen: seen.replace('FILE', file()) })
  })

  test('that is not there, or is a folder', async () => {
    expect((await probe({ pidFile: 'service.pid' })).seen).toBe(`dead: there is no pidfile ${file()}`)
    expect((await probe({ pidFile: '.' })).healthy).toBe(false)
  })
})

describe('a name or a pattern', () => {
  test('longer than the kernel keeps', async () => {
    const program = join(ports.projectDirectory, 'a-name-that-is-longer-than-fifteen')
    await copyFile('/bin/sleep', program)
    const { pid } = await started(program, ['60'])
    const name = 'a-name-that-is-longer-than-fifteen'
    expect(await probe({ name })).toEqual({
      healthy: true,
      seen: `alive: process ${pid}, called "${name}"`,
    })
  })

  test('in the command line, of any number of processes', async () => {
    const mark = `7${process.pid}`
    const [one, two] = [await started('sleep', [mark]), await started('sleep', [mark])]
    const pids = [one.pid, two.pid].sort((a, b) => Number(a) - Number(b)).join(', ')
    const answer = await probe({ matches: `^sleep ${mark}$` })
    expect(answer).toEqual({ healthy: true, seen: `alive: processes ${pids}, matching /^sleep ${mark}$/` })
    expect((await probe({ name: 'nginx', matches: mark })).healthy).toBe(false)
  })

  test('that nothing has; our own command line and those above us do not count', async () => {
    expect((await probe({ matches: 'vitest.*process-check-none' })).healthy).toBe(false)
    const own = [process.pid, process.ppid].join('|')
    expect((await probe({ name: 'no-such' })).seen).toBe('dead: no process called "no-such"')
    expect((await probe({ matches: '.' })).seen).not.toMatch(new RegExp(`\\b(${own})\\b`))
  })

  test('a bad pattern can never work', () => {
    expect(() => processCheck.create({ type: 'process', matches: '[' }, ports)).toThrow(
      /"\[" for matches is not/,
    )
  })
})

test('the kernel’s line is read although a name may hold anything', () => {
  expect(parseStat(12, '12 (a) b (c\n) S 7 12 0', 'sh\0-c\0x y\0')).toEqual({
    pid: 12,
    parent: 7,
    name: 'a) b (c\n',
    argv: ['sh', '-c', 'x y'],
    zombie: false,
  })
  expect(parseStat(12, '12 (x) Z 1 0', '')).toMatchObject({ zombie: true, argv: [] })
  expect(parseStat(12, 'rubbish', '')).toBeNull()
})

test('where there is no /proc, the lines of ps are read', async () => {
  const text =
    '    1     0 Ss   launchd          /sbin/launchd\n  502   501 Z    (sh)\n  77 1 S+ node node server.js --port 1\n\n'
  expect(parsePs(text)).toEqual([
    { pid: 1, parent: 0, name: 'launchd', argv: ['/sbin/launchd'], zombie: false },
    { pid: 502, parent: 501, name: '(sh)', argv: [], zombie: true },
    { pid: 77, parent: 1, name: 'node', argv: ['node', 'server.js', '--port', '1'], zombie: false },
  ])
})
