/** Journals as files: damage in the middle, crashes between the last line and the move, and how many are kept. */
import { appendFile, mkdir, readFile, readdir, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ClosedEntry, JournalEntry } from '../../../../src/model/journal.js'
import type { StateStore } from '../../../../src/model/state-store.js'
import { journalHeader } from '../../../contract/store-documents.js'
import { canMount, onTinyDisk } from '../../system/scratch.js'
import { localWorld, type LocalWorld } from './local-world.js'
import { openLocalStore } from './open-local-store.js'

const env = 'staging'
const started: JournalEntry = {
  type: 'step',
  step: 'stage',
  event: 'apply-started',
  at: '2026-01-01T00:00:01.000Z',
}
const closed: ClosedEntry = { type: 'closed', at: '2026-01-01T00:00:09.000Z', outcome: 'applied' }
let world: LocalWorld
let store: StateStore
beforeEach(async () => {
  world = await localWorld()
  store = world.open()
})
afterEach(() => world.close())

async function write(deployment: string, entries: readonly JournalEntry[]): Promise<string> {
  const writer = await store.createJournal(journalHeader(deployment))
  for (const entry of entries) await writer.append(entry)
  await writer.close()
  return world.journalFile(env, deployment)
}

describe('damage', () => {
  test.each([
    ['not JSON', '{"type":"st\n'],
    ['not an object', '42\n'],
    ['zeros', '\0\0\0\n'],
    ['an unknown type', '{"type":"surprise"}\n'],
  ])('in the middle, %s, is told with its line', async (_, garbage) => {
    const path = await write('d1', [started])
    await appendFile(path, garbage + `${JSON.stringify(started)}\n`)
    for (const work of [() => store.readJournal(env, 'd1'), () => store.reopenJournal(env, 'd1')]) {
      await expect(work()).rejects.toMatchObject({
        code: 'JOURNAL_CORRUPT',
        message: expect.stringContaining(`${path}:3`) as string,
      })
    }
    expect(await store.unfinished(env)).toEqual(['d1'])
  })

  test('of the last line only, even one that has its end, is what a power cut leaves', async () => {
    const path = await write('d1', [started])
    const whole = await readFile(path)
    for (const garbage of ['\0\0\0\n', '{"type":"step","st\n', 'größe \xff\n', '\0'.repeat(5000)]) {
      await writeFile(path, Buffer.concat([whole, Buffer.from(garbage, 'latin1')]))
      expect((await store.readJournal(env, 'd1'))?.entries).toEqual([started])
      await (await store.reopenJournal(env, 'd1')).close()
      expect(await readFile(path)).toEqual(whole)
    }
  })

  test('of the header', async () => {
    const path = await write('d1', [started])
    const lines = (await readFile(path, 'utf8')).split('\n')
    await writeFile(path, ['garbage', ...lines.slice(1)].join('\n'))
    await expect(store.readJournal(env, 'd1')).rejects.toMatchObject({ code: 'JOURNAL_CORRUPT' })
    await writeFile(
      path,
      [JSON.stringify({ ...journalHeader('d1'), format: 2 }), ...lines.slice(1)].join('\n'),
    )
    await expect(store.readJournal(env, 'd1')).rejects.toMatchObject({
      message: expect.stringContaining('newer') as string,
    })
    await writeFile(path, `${JSON.stringify({ ...journalHeader('d1'), format: 2 })}\n`)
    expect(await store.unfinished(env)).toEqual(['d1'])
  })
})

describe('crashes', () => {
  test('a journal without a whole header never began, and gives way to the next', async () => {
    const path = await write('d1', [])
    await writeFile(path, (await readFile(path)).subarray(0, 40))
    await write('d2', [started])
    expect((await readdir(dirname(path))).sort()).toEqual(['d2.jsonl'])
    await writeFile(path, '')
    await write('d1', [started])
    expect(await store.unfinished(env)).toEqual(['d1', 'd2'])
  })

  test('a finished journal that was not moved is finished, and moved by the next deployment', async () => {
    const path = await write('d1', [started, closed])
    const moved = join(dirname(path), 'closed', 'd1.jsonl')
    await rename(moved, path)
    expect(await store.unfinished(env)).toEqual([])
    expect((await store.readJournal(env, 'd1'))?.entries).toEqual([started, closed])
    await write('d2', [])
    expect(await readdir(join(dirname(path), 'closed'))).toEqual(['d1.jsonl'])
    expect((await store.readJournal(env, 'd1'))?.entries).toEqual([started, closed])
  })
})

test('the last hundred finished journals are kept, and open ones always', async () => {
  await write('open', [started])
  const place = join(world.root, 'journals', env, 'closed')
  await mkdir(place)
  for (let index = 0; index < 120; index++) await writeFile(join(place, `old-${index}.jsonl`), '')
  await write('latest', [closed])
  const names = await readdir(place)
  expect(names).toHaveLength(100)
  expect(names).toContain('latest.jsonl')
  expect(await store.unfinished(env)).toEqual(['open'])
})

test.skipIf(!canMount)('a full disk fails the append, and what was confirmed is read', async () => {
  await onTinyDisk(dirname(world.root), 'size=64k', async (disk) => {
    const tiny = openLocalStore(disk)
    const writer = await tiny.createJournal(journalHeader('d1'))
    let confirmed = 0
    const fill = async (): Promise<never> => {
      for (;;) {
        await writer.append({ ...started, step: 'x'.repeat(500) })
        confirmed++
      }
    }
    await expect(fill()).rejects.toMatchObject({ code: 'DISK_FULL' })
    await expect(writer.append(started)).rejects.toMatchObject({ code: 'DISK_FULL' })
    await writer.close()
    expect((await tiny.readJournal(env, 'd1'))?.entries).toHaveLength(confirmed)
    await expect(tiny.createJournal(journalHeader('d2'))).rejects.toMatchObject({ code: 'DISK_FULL' })
    expect(await tiny.unfinished(env)).toEqual(['d1'])
  })
})
