/** The append log: order, durability of each append by itself, one flush for many, and what an error does to it. */
import fc from 'fast-check'
import { readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openAppendLog } from '../../../src/drivers/system/append-log.js'
import { canMount, onTinyDisk, scratchFolder } from './scratch.js'

const folder = await scratchFolder()
let number = 0
const freshPath = () => join(folder, `log-${number++}`)

describe('appending', () => {
  test('lines come in the order of their appends, whatever they hold and however they arrive', async () => {
    const lines = fc.array(fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\n', ' ')))
    await fc.assert(
      fc.asyncProperty(lines, fc.array(fc.nat(3)), async (texts, pauses) => {
        const path = freshPath()
        const log = await openAppendLog(path, 'new')
        const appended: Promise<void>[] = []
        for (const [index, text] of texts.entries()) {
          appended.push(log.append(text))
          for (let turn = 0; turn < (pauses[index] ?? 0); turn++) await new Promise(setImmediate)
        }
        await Promise.all(appended)
        expect(await readFile(path, 'utf8')).toBe(texts.map((text) => `${text}\n`).join(''))
        await log.close()
      }),
      { numRuns: 30 },
    )
  })

  test('an append that is done is in the file', async () => {
    const path = freshPath()
    const log = await openAppendLog(path, 'new')
    for (const text of ['a', 'b', 'c']) {
      await log.append(text)
      expect((await readFile(path, 'utf8')).endsWith(`${text}\n`)).toBe(true)
    }
    await log.close()
  })

  test('closing waits for what was appended; afterwards nothing more is taken', async () => {
    const path = freshPath()
    const log = await openAppendLog(path, 'new')
    const appended = Array.from({ length: 100 }, (_, index) => log.append(`${index}`))
    await log.close()
    await log.close()
    await Promise.all(appended)
    expect((await readFile(path, 'utf8')).split('\n').length).toBe(101)
    await expect(log.append('late')).rejects.toThrow(/closed/)
  })

  test('a line break inside a line is refused, and harms nothing', async () => {
    const path = freshPath()
    const log = await openAppendLog(path, 'new')
    await expect(log.append('a\nb')).rejects.toThrow(/line break/)
    await log.append('c')
    await log.close()
    expect(await readFile(path, 'utf8')).toBe('c\n')
  })
})

describe('opening', () => {
  test('new, existing and any mean what they say', async () => {
    const path = freshPath()
    await expect(openAppendLog(path, 'existing')).rejects.toMatchObject({ code: 'IO_FAILED' })
    await writeFile(path, 'first\n')
    await expect(openAppendLog(path, 'new')).rejects.toMatchObject({ code: 'FILE_EXISTS' })
    for (const which of ['existing', 'any'] as const) {
      const log = await openAppendLog(path, which)
      await log.append(which)
      await log.close()
    }
    expect(await readFile(path, 'utf8')).toBe('first\nexisting\nany\n')
    await rm(path)
    await (await openAppendLog(path, 'any')).close()
    expect(await readFile(path, 'utf8')).toBe('')
  })
})

describe('failing', () => {
  test('an error fails every append of its batch and all that follow', async () => {
    const path = freshPath()
    await symlink('/dev/full', path) // a device whose every write says that the disk is full
    const log = await openAppendLog(path, 'existing')
    const together = await Promise.allSettled([log.append('a'), log.append('b')])
    expect(together.map((one) => one.status)).toEqual(['rejected', 'rejected'])
    await expect(log.append('c')).rejects.toMatchObject({
      code: 'DISK_FULL',
      message: expect.stringContaining(path) as string,
    })
    await log.close()
  })

  test.skipIf(!canMount)('lines confirmed before the disk was full stay whole', async () => {
    await onTinyDisk(folder, 'size=64k', async (disk) => {
      const path = join(disk, 'log')
      const log = await openAppendLog(path, 'new')
      let confirmed = 0
      const line = 'x'.repeat(999)
      await expect(
        (async () => {
          for (;;) {
            await log.append(line)
            confirmed++
          }
        })(),
      ).rejects.toMatchObject({ code: 'DISK_FULL', hint: expect.stringContaining('space') as string })
      await expect(log.append(line)).rejects.toMatchObject({ code: 'DISK_FULL' })
      await log.close()
      expect(confirmed).toBeGreaterThan(10)
      expect((await readFile(path, 'utf8')).startsWith(`${line}\n`.repeat(confirmed))).toBe(true)
    })
  })
})
