/** Whole files: replaced or not, private, durable, and with nothing left behind when the disk says no. */
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  createAtomically,
  removeTemporaries,
  writeAtomically,
} from '../../../src/drivers/system/write-atomically.js'
import { canMount, onTinyDisk, remount, scratchFolder } from './scratch.js'

const folder = await scratchFolder()

describe('writing', () => {
  test('replaces what was there, privately, and leaves nothing beside it', async () => {
    const place = join(folder, 'replace')
    await mkdir(place)
    await writeFile(join(place, 'file'), 'old', { mode: 0o644 })
    await writeAtomically(join(place, 'file'), 'new')
    expect(await readFile(join(place, 'file'), 'utf8')).toBe('new')
    expect((await stat(join(place, 'file'))).mode & 0o777).toBe(0o600)
    expect(await readdir(place)).toEqual(['file'])
  })

  test('readers see the old or the new, whole, while writers are at it', async () => {
    const path = join(folder, 'race')
    const texts = Array.from({ length: 8 }, (_, index) => `${index}`.repeat(50_000))
    await writeAtomically(path, texts[0]!)
    let isWriting = true
    const readers = [0, 1].map(async () => {
      while (isWriting) expect(texts).toContain(await readFile(path, 'utf8'))
    })
    await Promise.all(texts.map((text) => writeAtomically(path, text)))
    isWriting = false
    await Promise.all(readers)
  })

  test('a missing folder and a folder in the place of the file are told with the path', async () => {
    const missing = join(folder, 'nowhere', 'file')
    await expect(writeAtomically(missing, 'x')).rejects.toMatchObject({
      code: 'IO_FAILED',
      message: `cannot write ${missing}: it does not exist`,
    })
    await mkdir(join(folder, 'taken', 'by'), { recursive: true })
    await expect(writeAtomically(join(folder, 'taken'), 'x')).rejects.toMatchObject({ code: 'FILE_EXISTS' })
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([])
  })

  test.skipIf(!canMount)('a full disk keeps the old file', async () => {
    await onTinyDisk(folder, 'size=64k', async (disk) => {
      const path = join(disk, 'file')
      await writeAtomically(path, 'old')
      await expect(writeAtomically(path, 'x'.repeat(100_000))).rejects.toMatchObject({ code: 'DISK_FULL' })
      expect(await readFile(path, 'utf8')).toBe('old')
      expect(await readdir(disk)).toEqual(['file'])
      await writeAtomically(path, 'x'.repeat(20_000)) // the room of the failed one is free again
    })
  })

  test.skipIf(!canMount)('a read-only file system is told as such', async () => {
    await onTinyDisk(folder, 'size=64k', async (disk) => {
      remount(disk, 'ro')
      await expect(writeAtomically(join(disk, 'file'), 'x')).rejects.toMatchObject({
        code: 'PERMISSION_DENIED',
        message: expect.stringContaining('read-only') as string,
      })
    })
  })
})

describe('creating', () => {
  test('of several at once exactly one creates it', async () => {
    const path = join(folder, 'once')
    const won = await Promise.all(
      Array.from({ length: 10 }, (_, index) => createAtomically(path, `${index}`)),
    )
    expect(won.filter(Boolean)).toHaveLength(1)
    expect(await readFile(path, 'utf8')).toBe(`${won.indexOf(true)}`)
  })
})

test('what killed writers left is removed for one file and no other', async () => {
  const place = join(folder, 'left')
  await mkdir(place)
  for (const name of ['.a.json.0123.tmp', '.b.json.0123.tmp', 'a.json'])
    await writeFile(join(place, name), '')
  await removeTemporaries(join(place, 'a.json'))
  expect((await readdir(place)).sort()).toEqual(['.b.json.0123.tmp', 'a.json'])
})
