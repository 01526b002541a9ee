import { chmod, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/config/load-config.js'
import {
  context,
  inFolder,
  linesOf,
  loadText,
  loadValid,
  problemsIn,
  requestFor,
  smallest,
} from './support/load-text.js'

describe('a file that is not there, or no file', () => {
  test('missing', async () => {
    await inFolder(async (folder) => {
      const result = await loadConfig(requestFor(join(folder, 'deploy.yaml')), context)
      expect(linesOf(result)).toEqual([
        '1:1 there is no file deploy.yaml | Make one with `deployctl init`, or choose another with --file.',
      ])
    })
  })

  test('a directory', async () => {
    await inFolder(async (folder) => {
      await mkdir(join(folder, 'deploy.yaml'))
      const result = await loadConfig(requestFor(join(folder, 'deploy.yaml')), context)
      expect(linesOf(result)).toEqual([
        '1:1 deploy.yaml is a directory, not a file | Did you mean deploy.yaml/deploy.yaml?',
      ])
    })
  })

  test.skipIf(process.getuid?.() === 0)('one that may not be read', async () => {
    await inFolder(async (folder) => {
      await chmod(folder, 0o000)
      const result = await loadConfig(requestFor(join(folder, 'deploy.yaml')), context)
      await chmod(folder, 0o700)
      expect(linesOf(result)[0]).toContain('permission denied')
    })
  })

  test('a device', async () => {
    expect(linesOf(await loadConfig(requestFor('/dev/zero'), context))).toEqual([
      '1:1 deploy.yaml is a device, not a file | Choose another file with --file.',
    ])
  })
})

describe('a text that is no document', () => {
  const cases: readonly (readonly [string, string | Uint8Array, readonly string[]])[] = [
    ['empty', '', ['1:1 deploy.yaml is empty | Begin with `deployctl init`.']],
    ['comments only', '# later\n\n', ['1:1 deploy.yaml is empty | Begin with `deployctl init`.']],
    ['a list', '- a\n', ['1:1 deploy.yaml must be a map of keys such as project: and services:']],
    ['a word', 'hello\n', ['1:1 deploy.yaml must be a map of keys such as project: and services:']],
    [
      'two documents',
      'a: 1\n---\nb: 2\n',
      ['2:1 the file holds more than one document | Keep one, and remove the `---` between them.'],
    ],
    [
      'not UTF-8',
      Uint8Array.of(0x61, 0x3a, 0x20, 0xff, 0xfe),
      ['1:1 deploy.yaml is not text in UTF-8 | Save it as UTF-8.'],
    ],
    [
      'deeper than any stack',
      `a: ${'['.repeat(200_000)}`,
      [expect.stringMatching(/^1:\d+ the file is nested too deeply to be read$/)],
    ],
  ]
  test.each(cases)('%s', async (_, text, problems) => {
    expect(await problemsIn(text)).toEqual(problems)
  })

  test('tabs for indentation are told as tabs', async () => {
    expect((await problemsIn('version: 1\nservices:\n\tweb: {}\n'))[0]).toMatch(
      /^3:1 a tab is used for indentation \| Use spaces/,
    )
  })

  test('broken YAML has a place', async () => {
    const [first] = await problemsIn('version: 1\nproject: "shop\nservices: {}\n')
    expect(first).toMatch(/^\d+:\d+ missing closing "quote/)
    expect((await problemsIn('a: [1, 2\nb: 3\n')).length).toBeGreaterThan(0)
    expect((await problemsIn('a: b: c\n')).length).toBeGreaterThan(0)
    expect((await problemsIn('path: @releases\n')).length).toBeGreaterThan(0)
    expect((await problemsIn('a: !secret x\n'))[0]).toMatch(/^1:4 /)
  })
})

describe('what YAML allows', () => {
  test('a byte order mark and CRLF change neither values nor places', async () => {
    const windows = `\uFEFF${smallest.replaceAll('\n', '\r\n')}`
    expect((await loadValid(windows)).config).toEqual((await loadValid(smallest)).config)
    const result = await loadText(`${windows}parallelism: x\r\n`)
    expect(linesOf(result)[0]).toMatch(/^7:14 /)
    expect(result.ok ? '' : result.problems[0]?.frame.join('')).not.toContain('\r')
  })

  test('JSON is YAML', async () => {
    const { config } = await loadValid(smallest)
    const json = {
      version: 1,
      project: 'shop',
      sources: config.sources,
      services: { web: { source: 'web', target: { type: 'directory', path: '/srv/web' } } },
    }
    expect((await loadValid(JSON.stringify(json, null, '\t'))).config).toEqual(config)
  })

  test('merge keys: own keys win, then earlier maps', async () => {
    const { config } = await loadValid(`version: 1
project: shop
x-a: &a { source: web, version: ^1 }
x-b: &b { version: ^2, prerelease: true }
sources: { web: { type: directory, path: releases } }
services:
  one: { <<: [*a, *b], target: { type: directory, path: /one } }
  two: { version: ^3, <<: *a, target: { type: directory, path: /two } }
`)
    expect(config.services['one']?.policy).toMatchObject({ version: '^1', prerelease: true })
    expect(config.services['two']?.policy).toMatchObject({ version: '^3', prerelease: false })
  })

  test('merge keys and aliases that make no sense', async () => {
    expect(await problemsIn(`${smallest}x-a: { <<: 3 }\nx-b: *none\nx-c: &c [*c]\n`)).toEqual([
      '7:12 << takes a map, or a list of maps | Refer to one by its anchor: `<<: *name`.',
      expect.stringMatching(/^8:6 .*none/),
      expect.stringMatching(/^9:10 the alias "\*c" is inside its own anchor/),
    ])
  })

  test('keys that are no text', async () => {
    expect(await problemsIn(`${smallest}? [a]\n: 1\n__proto__: 1\n: 2\n`)).toEqual([
      '7:3 a key must be plain text',
      '9:1 a key may not be called __proto__',
      expect.stringMatching(/^10:1 a key is missing/),
    ])
  })

  test('numbers that cannot be kept', async () => {
    expect(
      await problemsIn(`${smallest}variables: { a: 12345678901234567890, b: .inf, c: 0x1F, d: 1e3 }\n`),
    ).toEqual([
      '7:17 the number 12345678901234567890 cannot be kept exactly | Write it in quotes: "12345678901234567890".',
      '7:42 the number .inf cannot be kept exactly | Write it in quotes: ".inf".',
    ])
  })
})

describe('size', () => {
  test('levels', async () => {
    const nested = (levels: number) =>
      problemsIn(`${smallest}x-a: ${'['.repeat(levels)}${']'.repeat(levels)}\n`)
    expect(await nested(99)).toEqual([])
    expect(await nested(150)).toEqual([expect.stringMatching(/^7:\d+ more than 100 levels, one in another$/)])
  })

  test('a file of five megabytes', async () => {
    const big = `${smallest}x-data:\n${Array.from({ length: 100_000 }, (_, index) => `  key-${index}: "some text that fills the line, number ${index}"\n`).join('')}`
    expect(big.length).toBeGreaterThan(5_000_000)
    expect((await loadValid(big)).config.project).toBe('shop')
  })

  test('one line of five megabytes is shown in part', async () => {
    const result = await loadText(`${smallest}x-a: "${'y'.repeat(5_000_000)}"\nparallelism: x\n`)
    const frame = result.ok ? [] : (result.problems[0]?.frame ?? [])
    expect(Math.max(...frame.map((line) => line.length))).toBeLessThan(130)
  })

  test('aliases used thousands of times are shared, not copied', async () => {
    const services = Array.from(
      { length: 2000 },
      (_, index) => `  s${index}: { <<: *base, target: { type: directory, path: /s${index} } }\n`,
    )
    const { config } = await loadValid(
      `x-base: &base { source: web, version: ^1 }\n${smallest}${services.join('')}`,
    )
    expect(Object.keys(config.services)).toHaveLength(2001)
  })

  test('an alias bomb is refused', async () => {
    const lists = Array.from({ length: 20 }, (_, level) => {
      const inside = level === 0 ? 'boom' : Array.from({ length: 10 }, () => `*l${level - 1}`).join(', ')
      return `x-${level}: &l${level} [${inside}]\n`
    })
    expect((await problemsIn(`${smallest}${lists.join('')}`))[0]).toMatch(
      /aliases expand this file to more than 1000000 values/,
    )
    const maps = Array.from({ length: 30 }, (_, level) =>
      level === 0
        ? 'x-0: &m0 { a: 1 }\n'
        : `x-${level}: &m${level} { a: *m${level - 1}, b: *m${level - 1} }\n`,
    )
    expect(await problemsIn(`${smallest}${maps.join('')}`)).toHaveLength(1)
  })
})
