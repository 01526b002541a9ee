/** What a state file can suffer, and what is said then; the backup; permissions; disks that are full, read-only, not folders. */
import { mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { DeployError } from '../../../../src/base/deploy-error.js'
import type { StateStore } from '../../../../src/model/state-store.js'
import { recordedState } from '../../../contract/store-documents.js'
import { canMount, onTinyDisk, remount } from '../../system/scratch.js'
import { localWorld, type LocalWorld } from './local-world.js'
import { openLocalStore } from './open-local-store.js'

let world: LocalWorld
let store: StateStore
let path: string
beforeEach(async () => {
  world = await localWorld()
  store = world.open()
  path = join(world.root, 'state', 'staging.json')
})
afterEach(() => world.close())

async function readError(): Promise<DeployError> {
  const error: unknown = await store.read('staging').catch((reason: unknown) => reason)
  expect(error).toMatchObject({ code: 'STATE_CORRUPT' })
  return error as DeployError // as the line above has seen
}

describe('a damaged state', () => {
  const whole = JSON.stringify(recordedState(2))
  const damages: [string, string, RegExp][] = [
    ['nothing', '', /is empty/],
    ['white space', ' \n', /is empty/],
    ['a half', whole.slice(0, 60), /is cut off/],
    ['zeros', '\0'.repeat(80), /is cut off|is not JSON/],
    ['a page of a web server', '<html>{}', /is not JSON/],
    ['another JSON', '[1, 2]', /is not a state of deployctl/],
    ['null', 'null', /is not a state of deployctl/],
    ['no lineage', JSON.stringify({ ...recordedState(2), lineage: undefined }), /has no valid "lineage"/],
    ['a serial of text', JSON.stringify({ ...recordedState(2), serial: '2' }), /has no valid "serial"/],
    ['services of a list', JSON.stringify({ ...recordedState(2), services: [] }), /has no valid "services"/],
    ['a format of its own', JSON.stringify({ ...recordedState(2), format: 'x' }), /unknown format "x"/],
    ['another environment', JSON.stringify(recordedState(2, { environment: 'live' })), /environment live/],
  ]
  test.each(damages)('with %s says so, and where the backup is', async (_, text, message) => {
    await store.writeIf(null, recordedState(1))
    await store.writeIf(1, recordedState(2))
    await writeFile(path, text)
    const error = await readError()
    expect(error.message).toMatch(message)
    expect(error.message).toContain(path)
    expect(error.hint).toContain(`cp -p ${path}.backup ${path}`)
    expect(error.details.join()).toContain('serial 1')
    await expect(store.writeIf(2, recordedState(3))).rejects.toMatchObject({ code: 'STATE_CORRUPT' })
    expect(await readFile(path, 'utf8')).toBe(text)
  })

  test('that a newer deployctl wrote asks for an upgrade', async () => {
    await store.writeIf(null, recordedState(1))
    await writeFile(path, JSON.stringify({ ...recordedState(2), format: 2 }))
    expect(await readError()).toMatchObject({
      message: expect.stringContaining('newer') as string,
      hint: expect.stringContaining('Upgrade') as string,
    })
  })

  test('without a usable backup says that too', async () => {
    await store.writeIf(null, recordedState(1))
    await writeFile(path, '')
    expect((await readError()).hint).toContain('no usable backup')
    await writeFile(`${path}.backup`, 'x')
    expect((await readError()).hint).toContain('no usable backup')
  })

  test('that is missing beside its backup is not taken for a beginning', async () => {
    await store.writeIf(null, recordedState(1))
    await store.writeIf(1, recordedState(2))
    await rm(path)
    expect((await readError()).message).toContain('missing')
  })
})

test('the backup is the serial before, each time', async () => {
  await store.writeIf(null, recordedState(1))
  for (let serial = 2; serial <= 5; serial++) {
    await store.writeIf(serial - 1, recordedState(serial))
    expect(JSON.parse(await readFile(`${path}.backup`, 'utf8'))).toEqual(recordedState(serial - 1))
  }
  expect((await readdir(join(world.root, 'state'))).sort()).toEqual(['staging.json', 'staging.json.backup'])
})

test('what a killed writer left is cleared away by the next', async () => {
  await store.writeIf(null, recordedState(1))
  await writeFile(join(world.root, 'state', '.staging.json.0123456789ab.tmp'), 'half')
  await store.writeIf(1, recordedState(2))
  expect((await readdir(join(world.root, 'state'))).sort()).toEqual(['staging.json', 'staging.json.backup'])
})

test('everything is private to its owner', async () => {
  await store.writeIf(null, recordedState(1))
  await store.writeIf(1, recordedState(2))
  await store.planKey()
  await (
    await store.lock('staging', { operation: 'x', by: 'ann', waitMs: 0 }, new AbortController().signal)
  ).release()
  for (const entry of await readdir(world.root, { recursive: true, withFileTypes: true })) {
    const mode = (await stat(join(entry.parentPath, entry.name))).mode & 0o777
    expect([entry.name, mode]).toEqual([entry.name, entry.isDirectory() ? 0o700 : 0o600])
  }
  expect((await stat(world.root)).mode & 0o777).toBe(0o700)
})

test('a damaged key of saved plans says what to do', async () => {
  await store.planKey()
  await writeFile(join(world.root, 'plan.key'), 'short')
  await expect(store.planKey()).rejects.toMatchObject({
    code: 'STATE_CORRUPT',
    hint: expect.stringContaining('Delete it') as string,
  })
})

test('a name that would leave the folder is refused', async () => {
  for (const name of ['../x', '', '.hidden', 'a/b', 'a\0b']) {
    await expect(store.read(name)).rejects.toMatchObject({ code: 'USAGE' })
  }
})

describe('a place that cannot be used', () => {
  test('because it is a file', async () => {
    await writeFile(world.root, '')
    await expect(store.writeIf(null, recordedState(1))).rejects.toMatchObject({ code: 'FILE_EXISTS' })
    await expect(store.read('staging')).rejects.toMatchObject({ code: 'FILE_EXISTS' })
  })

  test('because a folder has the name of the state', async () => {
    await mkdir(path, { recursive: true })
    await expect(store.read('staging')).rejects.toMatchObject({
      code: 'FILE_EXISTS',
      message: expect.stringContaining(path) as string,
    })
  })

  test.skipIf(!canMount)('because the disk is full: the old state stays', async () => {
    await onTinyDisk(dirname(world.root), 'size=64k', async (disk) => {
      const tiny = openLocalStore(disk)
      await tiny.writeIf(null, recordedState(1))
      const huge = { ...recordedState(2), written: { at: '', by: 'x'.repeat(100_000), cause: '' } }
      await expect(tiny.writeIf(1, huge)).rejects.toMatchObject({ code: 'DISK_FULL' })
      expect(await tiny.read('staging')).toEqual(recordedState(1))
      await tiny.writeIf(1, recordedState(2))
    })
  })

  test.skipIf(!canMount)('because it is read-only: reading works, writing says why', async () => {
    await onTinyDisk(dirname(world.root), 'size=64k', async (disk) => {
      const tiny = openLocalStore(disk)
      await tiny.writeIf(null, recordedState(1))
      remount(disk, 'ro')
      expect(await tiny.read('staging')).toEqual(recordedState(1))
      expect(await tiny.lockHolder('staging')).toBeNull()
      expect(await tiny.unfinished('staging')).toEqual([])
      await expect(tiny.writeIf(1, recordedState(2))).rejects.toMatchObject({
        code: 'PERMISSION_DENIED',
        message: expect.stringContaining('read-only') as string,
      })
    })
  })
})
