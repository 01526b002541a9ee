import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ProbePlace } from '../../../src/model/health-check.js'
import { admits } from '../../contract/driver-schema.js'
import { commandCheck } from '../../../src/drivers/checks/command-check.js'
import { driverPorts, type DriverPorts } from '../../contract/driver-ports.js'
import { nowhere } from '../../support/nowhere.js'

let ports: DriverPorts
beforeEach(async () => {
  ports = await driverPorts({ PASSWORD: 'open-sesame' })
})
afterEach(() => ports.remove())

function probe(
  options: Record<string, unknown>,
  place: ProbePlace = nowhere,
  signal = new AbortController().signal,
) {
  const spec = { type: 'command', ...options }
  expect(admits(commandCheck.schema, spec)).toBe(true)
  return commandCheck.create(spec, ports).probe(place, signal)
}

test.each<[Record<string, unknown>, string]>([
  [{ run: ['true'] }, '`true` exited with 0'],
  [{ shell: 'exit 0' }, '`exit 0` exited with 0'],
])('exit 0 is healthy: %j', async (options, seen) => {
  expect(await probe(options)).toEqual({ healthy: true, seen })
})

test.each<[Record<string, unknown>, string, string[]]>([
  [{ run: ['sh', '-c', 'exit 3'] }, '`sh -c exit 3` exited with 3', []],
  [{ shell: 'echo queue; echo is full >&2; false' }, ' exited with 1: is full', ['queue', 'is full']],
  [{ shell: 'kill -KILL $$' }, ' was ended by SIGKILL', []],
])('anything else is not: %j', async (options, seen, details) => {
  const answer = await probe(options)
  expect(answer.healthy).toBe(false)
  expect(answer.seen).toContain(seen)
  expect(answer.details ?? []).toEqual(details)
})

test('a long story is told by its last lines', async () => {
  const answer = await probe({ shell: 'seq 1 40; false' })
  expect(answer.details).toEqual(Array.from({ length: 10 }, (_, index) => String(31 + index)))
})

test('time that is up stops it, with what it started', async () => {
  const controller = new AbortController()
  setTimeout(() => controller.abort(), 100)
  const answer = await probe({ shell: 'echo waiting; sleep 60' }, nowhere, controller.signal)
  expect(answer.seen).toMatch(/^`echo waiting; sleep 60` did not end within \S+ and was stopped: waiting$/)
})

test('it runs in the project, or in the release', async () => {
  const folder = join(ports.projectDirectory, 'release')
  await mkdir(folder)
  const place = { ...nowhere, folder }
  const isIn = (directory: string) => ({ shell: `test "$(pwd -P)" = ${directory}` })
  expect((await probe(isIn(folder), place)).healthy).toBe(true)
  expect((await probe({ ...isIn(folder), directory: 'release' }, place)).healthy).toBe(true)
  expect((await probe({ ...isIn(ports.projectDirectory), directory: 'project' }, place)).healthy).toBe(true)
  expect((await probe(isIn(ports.projectDirectory))).healthy).toBe(true)
  await expect(probe({ run: ['true'], directory: 'release' })).rejects.toThrow(/no release folder/)
})

test('it has the variables of the place and its own, secrets included, and shows none', async () => {
  const place = { ...nowhere, env: { DEPLOYCTL_VERSION: '1.4.2' } }
  const env = { PASSWORD: '${secret.PASSWORD}' }
  const answer = await probe({ shell: 'echo "$DEPLOYCTL_VERSION $PASSWORD"; exit 1', env }, place)
  expect(answer.details).toEqual(['1.4.2 ***'])
  expect(answer.seen).not.toContain('sesame')
})

test('a program that is not there can never work', async () => {
  const missing = probe({ run: ['no-such-program-anywhere'] })
  await expect(missing).rejects.toThrow(expect.objectContaining({ code: 'COMMAND_NOT_FOUND' }))
})

test('run and shell exclude each other', () => {
  expect(admits(commandCheck.schema, { type: 'command', run: ['true'], shell: 'true' })).toBe(false)
})
