/** Folders that are made when they are missing, and what stands in their way. */
import { chmod, mkdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ensureFolder } from '../../../src/drivers/system/ensure-folder.js'
import { scratchFolder } from './scratch.js'

const folder = await scratchFolder()

test('missing parents are made too, private; what is there keeps its mode', async () => {
  const deep = join(folder, 'a', 'b', 'c')
  await ensureFolder(deep)
  for (const path of [deep, join(folder, 'a')]) expect((await stat(path)).mode & 0o777).toBe(0o700)
  await mkdir(join(folder, 'open'))
  await chmod(join(folder, 'open'), 0o755)
  await ensureFolder(join(folder, 'open'))
  expect((await stat(join(folder, 'open'))).mode & 0o777).toBe(0o755)
})

test('many at once do not mind each other', async () => {
  await Promise.all(Array.from({ length: 20 }, () => ensureFolder(join(folder, 'x', 'y'))))
  expect((await stat(join(folder, 'x', 'y'))).isDirectory()).toBe(true)
})

test('a file in the way, at the end or on the way, is named', async () => {
  await writeFile(join(folder, 'file'), '')
  for (const path of [join(folder, 'file'), join(folder, 'file', 'below')]) {
    await expect(ensureFolder(path)).rejects.toMatchObject({
      code: 'FILE_EXISTS',
      message: expect.stringContaining(path) as string,
    })
  }
})
