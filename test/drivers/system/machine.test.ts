/** What this machine says of itself: its room on disk, its name, its random names. */
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { diskSpaceAt } from '../../../src/drivers/system/disk-space.js'
import { thisMachine } from '../../../src/drivers/system/machine.js'
import { randomHex } from '../../../src/drivers/system/random-hex.js'
import { canMount, onTinyDisk, scratchFolder } from './scratch.js'

const folder = await scratchFolder()
const saved = { SUDO_USER: process.env['SUDO_USER'], USER: process.env['USER'] }
afterEach(() => {
  for (const [name, value] of Object.entries(saved)) {
    if (value === undefined) Reflect.deleteProperty(process.env, name)
    else process.env[name] = value
  }
})

test('the person is the one behind sudo, then the user, then whoever runs it', () => {
  process.env['USER'] = 'ann'
  process.env['SUDO_USER'] = 'bob'
  expect(thisMachine()).toMatchObject({ user: 'bob', pid: process.pid })
  process.env['SUDO_USER'] = ''
  expect(thisMachine().user).toBe('ann')
  delete process.env['USER']
  expect(thisMachine().user).toMatch(/./)
})

test('room is told for what exists and for what will', async () => {
  const here = await diskSpaceAt(folder)
  expect(here.freeBytes).toBeGreaterThan(0)
  expect(here.totalBytes).toBeGreaterThanOrEqual(here.freeBytes)
  expect((await diskSpaceAt(join(folder, 'not', 'yet'))).totalBytes).toBe(here.totalBytes)
})

test.skipIf(!canMount)('room is that of the very disk', async () => {
  await onTinyDisk(folder, 'size=64k', async (disk) => {
    expect(await diskSpaceAt(join(disk, 'later'))).toEqual({ freeBytes: 65_536, totalBytes: 65_536 })
  })
})

test('random names have as many digits as asked for', () => {
  for (const digits of [1, 7, 8, 32]) expect(randomHex(digits)).toMatch(new RegExp(`^[0-9a-f]{${digits}}$`))
  expect(new Set(Array.from({ length: 1000 }, () => randomHex(16))).size).toBe(1000)
})
