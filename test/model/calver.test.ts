import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareVersions, isExactVersion, isPolicyText, schemeProblem } from '../../src/model/version.js'
import { pickedFrom } from '../support/version-policy.js'

const micro = 'YYYY.MM.MICRO'
const pick = (
  versions: readonly string[],
  version: string,
  scheme = micro,
  prerelease: boolean | string = false,
) =>
  pickedFrom(
    versions.map((text) => ({ version: text })),
    { version, scheme, prerelease },
  )

describe('a format', () => {
  test.each([
    'YYYY.MM.MICRO',
    'YY.0M.DD',
    'YYYY.0M.0D-MICRO',
    'YYYY0M0D',
    'YYYY0M0D.MICRO',
    'YYYYMM',
    '0Y.0W',
    'YYYY.WW.MICRO',
    'MAJOR.YYYY.MM',
    'YY.MINOR.MICROMODIFIER',
    'YYYY.MM_MODIFIER',
    'YYYY',
  ])('%s', (format) => {
    expect(schemeProblem(format)).toBe(null)
  })

  test.each([
    ['', 'it has no year (YYYY, YY or 0Y)'],
    ['MAJOR.MINOR', 'it has no year (YYYY, YY or 0Y)'],
    ['YYYY.MM.PATCH', '".PATCH" does not begin with a token'],
    ['YYYY..MM', '"..MM" does not begin with a token'],
    ['yyyy.mm', '"yyyy.mm" does not begin with a token'],
    ['.YYYY', 'it begins with "."'],
    ['YYYY.MM.', '"." does not begin with a token'],
    ['YYYY.YY', 'it says the same thing twice'],
    ['MM.YYYY', 'what counts more has to come first'],
    ['YYYY.MICRO.MINOR', 'what counts more has to come first'],
    ['YYYY.DD', 'it has a day and no month'],
    ['YYYY.MM.WW', 'weeks go without months and days'],
    ['YYYYMMDD', 'nothing tells where MM ends and DD begins'],
    ['YYYY.MICROMINOR', 'what counts more has to come first'],
    ['YYYY.MINORMICRO', 'nothing tells where MINOR ends and MICRO begins'],
    ['YYYY.MODIFIER.MM', 'nothing may follow MODIFIER'],
  ])('%s is none: %s', (format, problem) => {
    expect(schemeProblem(format)).toBe(problem)
  })
})

describe('versions', () => {
  test.each([
    [micro, ['2026.9.3', '2026.11.0-beta.1', '2026.11.0', '2026.11.2', '2026.11.10', '2027.1.0']],
    ['YY.0M.DD', ['6.12.31', '25.12.31', '26.01.2', '26.01.10', '106.01.1']],
    ['YYYY.0M.0D-MICRO', ['2026.11.03-9', '2026.11.03-10-rc1', '2026.11.03-10', '2026.12.01-0']],
    ['YYYY0M0D', ['20251231', '20261031', '20261103']],
    ['YY.MINOR.MICROMODIFIER', ['26.1.0b1', '26.1.0rc2', '26.1.0rc10', '26.1.0', '26.1.1', '26.10.0']],
    ['0Y.0W', ['25.53', '26.00', '26.09', '26.10']],
  ])('of %s go by their numbers from left to right, a modifier before the version itself', (scheme, old) => {
    const shuffled = [...old].sort()
    expect(shuffled.sort((a, b) => compareVersions(a, b, scheme))).toEqual(old)
    expect(pick(shuffled, 'latest', scheme, true)).toEqual([...old].reverse())
  })

  test.each([
    [micro, ['2026.04.1', '2026.13.1', '2026.0.1', '2026.4', '2026.4.1.2', '26.4.1', '2026.4.01', '1.4.2']],
    [micro, ['2026.4.1-', '2026.4.1-1', '2026.4.1beta', '2026.4.1+5', 'nightly', '2026.4.1234567890123456']],
    ['YYYY.0M.0D', ['2026.4.10', '2026.04.9', '2026.04.32', '2026-04-10', '2026.00.10']],
    ['YYYY0M0D', ['2026110', '202611033', '2026-11-03']],
    ['YYYY.WW', ['2026.54', '2026.07']],
  ])('that do not fit %s are passed over: %j', (scheme, versions) => {
    expect(pick(versions, 'latest', scheme, true)).toEqual([])
    for (const version of versions) expect(pick(versions, version, scheme)).toEqual([version])
  })

  test('with a v are the same versions', () => {
    expect(pick(['v2026.4.1', '2026.3.1'], 'latest')).toEqual(['v2026.4.1', '2026.3.1'])
    expect(pick(['v2026.4.1', '2026.3.1'], 'v2026.4.1')).toEqual(['v2026.4.1'])
    expect(pick(['v2026.4.1', '2026.3.1'], '>=v2026.4')).toEqual(['v2026.4.1'])
  })
})

describe('what is asked for', () => {
  const offered = ['2025.12.4', '2026.4.0', '2026.4.7', '2026.5.0', '2026.11.0-rc.1', '2026.11.0', '2027.1.0']

  test.each([
    ['2026.4.7', ['2026.4.7']],
    ['2026.04.7', ['2026.4.7']],
    ['2026.4', ['2026.4.7', '2026.4.0']],
    ['2026.04', ['2026.4.7', '2026.4.0']],
    ['2026', ['2026.11.0', '2026.5.0', '2026.4.7', '2026.4.0']],
    ['2026.x', ['2026.11.0', '2026.5.0', '2026.4.7', '2026.4.0']],
    ['2026.11.*', ['2026.11.0']],
    ['2026.x.x', ['2026.11.0', '2026.5.0', '2026.4.7', '2026.4.0']],
    ['>=2026.4 <2027', ['2026.11.0', '2026.5.0', '2026.4.7', '2026.4.0']],
    ['>= 2026.4  < 2026.11', ['2026.5.0', '2026.4.7', '2026.4.0']],
    ['>2026.4', ['2027.1.0', '2026.11.0', '2026.5.0']],
    ['<=2026.4', ['2026.4.7', '2026.4.0', '2025.12.4']],
    ['<2026.4.7 >2025', ['2026.4.0']],
    ['=2026.5', ['2026.5.0']],
    ['2025 || 2027', ['2027.1.0', '2025.12.4']],
    ['>=2026.11.0-rc.0 <2026.12', ['2026.11.0', '2026.11.0-rc.1']],
    ['*', ['2027.1.0', '2026.11.0', '2026.5.0', '2026.4.7', '2026.4.0', '2025.12.4']],
    ['latest', ['2027.1.0', '2026.11.0', '2026.5.0', '2026.4.7', '2026.4.0', '2025.12.4']],
    ['2028', []],
  ])('%s', (wanted, expected) => {
    expect(pick(offered, wanted)).toEqual(expected)
  })

  test('counts prereleases when they are opted in, each in its place', () => {
    expect(pick(offered, '2026.11', micro, true)).toEqual(['2026.11.0', '2026.11.0-rc.1'])
    expect(pick(offered, '<2026.11.0 >=2026.5', micro, true)).toEqual(['2026.11.0-rc.1', '2026.5.0'])
    expect(pick(offered, '<2026.11', micro, true)[0]).toBe('2026.5.0')
  })

  test('may be a part of numbers that stand side by side', () => {
    const days = ['20260131', '20260201', '20261231']
    expect(pick(days, '2026', 'YYYY0M0D')).toEqual([...days].reverse())
    expect(pick(days, '202601', 'YYYY0M0D')).toEqual(['20260131'])
    expect(pick(days, '>=202602', 'YYYY0M0D')).toEqual(['20261231', '20260201'])
  })

  test.each([
    ['2026.4.7', true],
    ['2026.4', false],
    ['2026.x', false],
    ['latest', false],
    ['nightly', true],
    ['1.4.2', true],
  ])('is %s exact: %s', (text, expected) => {
    expect(isExactVersion(text, micro)).toBe(expected)
  })

  test.each([
    ['^2026.4', false],
    ['>=2026.13', false],
    ['>=2026.4 banana', false],
    ['>=1.4', false],
    ['', false],
    ['>=2026.4 <2027', true],
    ['2026.x', true],
    ['latest', true],
  ])('makes sense, %s: %s', (text, expected) => {
    expect(isPolicyText(text, micro)).toBe(expected)
  })
})

describe('laws', () => {
  const number = fc.integer({ min: 0, max: 12 })
  const modifier = fc.constantFrom('', '', '-beta', '-beta.2', '-beta.10', '-rc1', '-rc10')
  const version = fc
    .tuple(fc.integer({ min: 2024, max: 2027 }), fc.integer({ min: 1, max: 12 }), number, modifier)
    .map(([year, month, count, suffix]) => `${year}.${month}.${count}${suffix}`)
  const bound = fc
    .tuple(
      fc.integer({ min: 2024, max: 2027 }),
      fc.option(fc.integer({ min: 1, max: 12 })),
      fc.option(number),
    )
    .map(([year, month, count]) => {
      const parts = month === null ? [year] : count === null ? [year, month] : [year, month, count]
      return parts.join('.')
    })

  test('the order is total', () => {
    const any = fc.oneof(version, fc.string({ maxLength: 8 }))
    fc.assert(
      fc.property(any, any, any, (a, b, c) => {
        const order = (x: string, y: string) => compareVersions(x, y, micro)
        expect(Math.sign(order(a, b))).toBe(-Math.sign(order(b, a)) + 0)
        expect(order(a, b) === 0).toBe(a === b)
        if (order(a, b) <= 0 && order(b, c) <= 0) expect(order(a, c)).toBeLessThanOrEqual(0)
      }),
      { numRuns: 1000 },
    )
  })

  test('below, within and above a bound are everything, and each once', () => {
    fc.assert(
      fc.property(fc.uniqueArray(version), bound, (versions, text) => {
        const parts = [`<${text}`, `=${text}`, `>${text}`].map((range) => pick(versions, range, micro, true))
        expect(parts.flat().sort()).toEqual([...versions].sort())
        expect([...pick(versions, `<=${text}`, micro, true)].sort()).toEqual(
          [...parts[0]!, ...parts[1]!].sort(),
        )
        expect([...pick(versions, `>=${text}`, micro, true)].sort()).toEqual(
          [...parts[1]!, ...parts[2]!].sort(),
        )
      }),
    )
  })

  test('without modifiers it is the order and the ranges of semver', () => {
    const plain = version.map((text) => text.replace(/-.*/, ''))
    fc.assert(
      fc.property(
        fc.uniqueArray(plain),
        bound,
        fc.constantFrom('', '>', '>=', '<', '<='),
        (all, text, sign) => {
          const listings = all.map((one) => ({ version: one }))
          expect(pickedFrom(listings, { version: `${sign}${text}`, scheme: micro })).toEqual(
            pickedFrom(listings, { version: `${sign}${text}` }),
          )
        },
      ),
      { numRuns: 500 },
    )
  })
})
