import { PassThrough } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { inWindow, type Item, type Progressing } from '../../../src/cli/view/live-window.js'
import { wantsColour } from '../../../src/cli/view/paint.js'
import { createProgressText } from '../../../src/cli/view/progress-text.js'
import { ago } from '../../../src/cli/view/relative-time.js'
import { table } from '../../../src/cli/view/table.js'
import { createTerminal } from '../../../src/cli/view/terminal.js'
import { cut, padEnd, textWidth, wrap } from '../../../src/cli/view/text-width.js'

describe('width', () => {
  test.each([
    ['abc', 3],
    ['v1 → v2', 7],
    ['日本', 4],
    ['e\u0301', 1],
    ['\u001B[31mred\u001B[39m', 3],
    ['🚀', 2],
  ])('%s', (text, width) => expect(textWidth(text)).toBe(width))
  test('wrapping keeps every word and the width', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', 'bc', ' ', '日', '→', '🚀') }),
        fc.integer({ min: 8, max: 40 }),
        (text, width) => {
          const lines = wrap(text, width)
          for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(width)
          expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''))
        },
      ),
    )
  })
  test('cutting and padding', () => {
    expect(cut('abcdef', 4)).toBe('abc…')
    expect(cut('日本語', 5)).toBe('日本…')
    expect(padEnd('日', 4)).toBe('日  ')
  })
})

test('a table fits its width, whatever is in it', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.string({ maxLength: 60 }), { minLength: 3, maxLength: 3 }), { maxLength: 5 }),
      (rows) => {
        const columns = [{ title: 'a' }, { title: 'b', flexible: true }, { title: 'c', flexible: true }]
        const short = rows.map(([a = '', b = '', c = '']) => [a.slice(0, 10), b, c])
        for (const line of table({ columns, rows: short, width: 60 }))
          expect(textWidth(line)).toBeLessThanOrEqual(60)
      },
    ),
  )
})

describe('progress in words', () => {
  const at = (ms: number): string => new Date(ms).toISOString()
  test('bytes with rate and time left', () => {
    const text = createProgressText()
    const bytes = (done: number) => ({ done, total: 84e6, unit: 'bytes', label: 'downloading' }) as const
    expect(text(bytes(0), at(0))).toBe('downloading 0 B of 84 MB')
    expect(text(bytes(42e6), at(2000))).toBe('downloading 42 MB of 84 MB, 21 MB/s, 2s left')
    expect(text(bytes(84e6), at(4000))).toBe('downloading 84 MB of 84 MB, 21 MB/s')
  })
  test('no total, files, tries', () => {
    const text = createProgressText()
    expect(text({ done: 5e6, total: null, unit: 'bytes', label: 'downloading' }, at(0))).toBe(
      'downloading 5.0 MB',
    )
    expect(text({ done: 3, total: 9, unit: 'files', label: 'unpacking' }, at(0))).toBe(
      'unpacking 3 of 9 files',
    )
    expect(text({ done: 3, total: null, unit: 'tries', label: 'GET /: 500' }, at(0))).toBe(
      'GET /: 500 (try 3)',
    )
  })
})

test('times as people say them', () => {
  const now = new Date('2026-03-01T12:00:00Z')
  const said = [
    '2026-03-01T12:00:05Z',
    '2026-03-01T11:59:30Z',
    '2026-03-01T11:55:00Z',
    '2026-03-01T09:00:00Z',
    '2026-02-20T12:00:00Z',
    '2025-01-01T12:00:00Z',
  ]
  expect(said.map((iso) => ago(iso, now))).toEqual([
    'just now',
    'just now',
    '5 min ago',
    '3 h ago',
    '9 d ago',
    '2025-01-01',
  ])
  expect(ago(null, now)).toBe('–')
})

describe('what fits on a screen', () => {
  const states: fc.Arbitrary<Progressing> = fc.constantFrom('waiting', 'running', 'done', 'failed')
  test('counts add up; what runs or failed is there while it fits', () => {
    fc.assert(
      fc.property(
        fc.array(states.map((state): Item => ({ state }))),
        fc.integer({ min: 4, max: 30 }),
        (items, space) => {
          const { above, visible, below } = inWindow(items, space)
          expect(visible.length).toBeLessThanOrEqual(space)
          expect(above + visible.length + below).toBe(items.length)
          const urgent = items
            .filter(({ state }) => state === 'running' || state === 'failed')
            .slice(0, space)
          for (const item of urgent) expect(visible).toContain(item)
          expect(visible).toEqual(items.filter((item) => visible.includes(item)))
        },
      ),
    )
  })
})

describe('colour', () => {
  const asks = (env: Record<string, string>, isTerminal = true, asked: boolean | null = null): boolean =>
    wantsColour({ isTerminal, asked, env })
  test.each([
    [{}, true, null, true],
    [{}, false, null, false],
    [{ TERM: 'dumb' }, true, null, false],
    [{ NO_COLOR: '1' }, true, null, false],
    [{ FORCE_COLOR: '1' }, false, null, true],
    [{ FORCE_COLOR: '0' }, true, null, false],
    [{ FORCE_COLOR: '1', NO_COLOR: '1' }, true, null, true],
    [{ FORCE_COLOR: '1' }, true, false, false],
  ] as const)('%o terminal=%s asked=%s → %s', (env, isTerminal, asked, wanted) =>
    expect(asks(env, isTerminal, asked)).toBe(wanted),
  )
})

test('a reader that goes away silences a stream and nothing else', async () => {
  const [input, output, errors] = [new PassThrough(), new PassThrough(), new PassThrough()]
  const terminal = await createTerminal(
    { input, output, errors },
    { json: null, colour: null, env: {}, version: '0' },
  )
  output.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
  await new Promise((resolve) => setImmediate(resolve))
  terminal.out('nobody reads this')
  terminal.err('but this')
  await terminal.flush()
  expect((errors.read() as Buffer).toString()).toBe('but this\n')
})
