/** Flushing cannot be seen without a power cut; what can be seen is that both ways get through every kind of tree. */
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { flushTree } from '../../../src/drivers/artifacts/flush-tree.js'
import { scratchFolder } from '../system/scratch.js'

const scratch = await scratchFolder()
mkdirSync(join(scratch, 'tree/empty'), { recursive: true })
for (let index = 0; index < 30; index++) writeFileSync(join(scratch, `tree/file-${index}`), 'x')
writeFileSync(join(scratch, 'tree/read-only'), 'x', { mode: 0o400 })
symlinkSync('nowhere', join(scratch, 'tree/dangling'))

async function withPath<T>(path: string | undefined, run: () => Promise<T>): Promise<T> {
  const before = process.env['PATH']
  if (path !== undefined) process.env['PATH'] = path
  try {
    return await run()
  } finally {
    process.env['PATH'] = before
  }
}

describe.each([
  ['by one flush of the file system', undefined],
  ['file by file, where there is no tool for that', '/nowhere'],
])('%s', (_, path) => {
  test('a tree is flushed', () => withPath(path, () => flushTree(join(scratch, 'tree'))))

  test('a tree that is gone is an error', async () => {
    rmSync(join(scratch, 'gone'), { recursive: true, force: true })
    await withPath(path, () =>
      expect(flushTree(join(scratch, 'gone'))).rejects.toMatchObject({ code: 'IO_FAILED' }),
    )
  })
})
