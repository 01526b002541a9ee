/** docs/versions.md says what is true: its examples load, and its tables of calendar versions are what the code does. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { sourceKeySchemas } from '../../src/config/version-schema.js'
import { compareVersions, fitsScheme, isPolicyText, schemeProblem } from '../../src/model/version.js'
import { loadValid } from './support/load-text.js'

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'versions.md'), 'utf8')

/** The rows of the table with this head, each as the code in its cells. */
function tableOf(head: string): readonly (readonly (readonly string[])[])[] {
  const [, body = ''] = page.split(`| ${head} |`)
  const rows = body.split('\n').slice(2)
  const end = rows.findIndex((row) => !row.startsWith('|'))
  return rows.slice(0, end).map((row) =>
    row
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => (code ?? '').replaceAll('\\|', '|'))),
  )
}

test('every key is described', () => {
  expect(Object.keys(sourceKeySchemas).filter((key) => !page.includes(`| \`${key}\` |`))).toEqual([])
})

test('the example is valid, and the service takes the rest from its source', async () => {
  const [, example = ''] = /```yaml\n([^]*?)```/.exec(page) ?? []
  const { config } = await loadValid(`version: 1\nproject: shop\n${example}`)
  expect(config.services['web']?.policy).toMatchObject({
    version: '^1.4',
    prerelease: 'beta',
    minAgeMs: 7_200_000,
  })
})

test('the formats are formats, and their versions are in order', () => {
  const rows = tableOf('format | versions, from old to new')
  expect(rows.length).toBeGreaterThan(3)
  for (const [formats = [], versions = []] of rows) {
    const [format = ''] = formats
    expect(schemeProblem(format)).toBe(null)
    expect(versions.filter((version) => !fitsScheme(version, format))).toEqual([])
    expect([...versions].reverse().sort((a, b) => compareVersions(a, b, format))).toEqual(versions)
  }
})

test('every way to ask for a calendar version makes sense', () => {
  const texts = tableOf('`version:` | means').flatMap(([first = []]) => first)
  expect(texts.length).toBeGreaterThan(8)
  const plain = texts.map((text) => text.replace(/^"(.*)"$/, '$1'))
  expect(plain.filter((text) => !isPolicyText(text, 'YYYY.MM.MICRO'))).toEqual([])
})
