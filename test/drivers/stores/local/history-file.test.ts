/** History as a file: torn lines, long lines, and reading from the end as if from the beginning. */
import fc from 'fast-check'
import { appendFile, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { appendHistory, readHistory } from '../../../../src/drivers/stores/local/history-file.js'
import { linesFromEnd } from '../../../../src/drivers/stores/local/lines-from-end.js'
import { historyRecord } from '../../../contract/store-documents.js'
import { scratchFolder } from '../../system/scratch.js'

const folder = await scratchFolder()

test('lines from the end are the lines of the file, backwards, whatever the chunks', async () => {
  const path = join(folder, 'lines')
  const texts = fc.array(fc.string({ unit: fc.constantFrom('a', 'ü', '😀', '\n', ' ') }))
  await fc.assert(
    fc.asyncProperty(texts, fc.integer({ min: 1, max: 20 }), async (parts, chunkBytes) => {
      const text = parts.join('\n')
      await writeFile(path, text)
      const lines: string[] = []
      for await (const line of linesFromEnd(path, chunkBytes)) lines.push(line)
      expect(lines).toEqual(
        text
          .split('\n')
          .filter((line) => line !== '')
          .reverse(),
      )
    }),
    { numRuns: 60 },
  )
})

test('a torn last line is passed over, and the next record does not grow onto it', async () => {
  const path = join(folder, 'torn.jsonl')
  await appendHistory(path, historyRecord('d1'))
  await appendHistory(path, historyRecord('d2'))
  const whole = await readFile(path)
  await truncate(path, whole.length - 20)
  expect((await readHistory(path, 10)).map((record) => record.deployment)).toEqual(['d1'])
  await appendHistory(path, historyRecord('d3'))
  expect((await readHistory(path, 10)).map((record) => record.deployment)).toEqual(['d3', 'd1'])
})

test('records longer than a chunk, and lines that are no records, do not confuse it', async () => {
  const path = join(folder, 'long.jsonl')
  const long = { ...historyRecord('d1'), by: 'ü'.repeat(100_000) }
  await appendHistory(path, long)
  await appendFile(path, 'null\n[]\n{"type":"deployctl-deployment","format":2}\n\n')
  await appendHistory(path, historyRecord('d2'))
  expect(await readHistory(path, 10)).toEqual([historyRecord('d2'), long])
})
