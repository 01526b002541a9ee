import fc from 'fast-check'
import maxSatisfying from 'semver/ranges/max-satisfying.js'
import rsort from 'semver/functions/rsort.js'
import satisfies from 'semver/functions/satisfies.js'
import { describe, expect, test } from 'vitest'
import { compareVersions, describePolicy, isExactVersion } from '../../src/model/version.js'
import { bestVersion, pickedFrom, policyOf } from '../support/version-policy.js'

const pick = (versions: readonly string[], version: string, prerelease = false) =>
  pickedFrom(
    versions.map((text) => ({ version: text })),
    { version, prerelease },
  )

describe('latest', () => {
  test('goes by semver order, not by string order or position', () => {
    expect(pick(['1.10.0', '1.9.0', '1.2.0'], 'latest')).toEqual(['1.10.0', '1.9.0', '1.2.0'])
    expect(pick(['1.9.0', '1.2.0', '1.10.0'], 'latest')).toEqual(['1.10.0', '1.9.0', '1.2.0'])
  })

  test('passes prereleases over unless they are opted in', () => {
    expect(pick(['1.0.0', '2.0.0-rc.1'], 'latest')).toEqual(['1.0.0'])
    expect(pick(['1.0.0', '2.0.0-rc.1', '2.0.0-rc.10', '2.0.0-rc.9'], 'latest', true)[0]).toBe('2.0.0-rc.10')
  })

  test('never means a version that is not semver, not even one of that name', () => {
    expect(pick(['nightly', 'latest', '2024.01.15', '1.4'], 'latest')).toEqual([])
  })

  test('ignores dates', () => {
    const listings = [
      { version: '1.0.1', publishedAt: '2030-01-01T00:00:00Z' },
      { version: '1.1.0', publishedAt: '2020-01-01T00:00:00Z' },
    ]
    expect(bestVersion(listings, {})).toBe('1.1.0')
  })
})

describe('a release that its publisher calls a prerelease', () => {
  const listings = [
    { version: '1.4.0' },
    { version: '1.5.0', prerelease: true as const },
    { version: '1.6.0-rc.1', prerelease: true as const },
  ]
  const picked = (version: string, prerelease: boolean) => pickedFrom(listings, { version, prerelease })

  test('counts as one, even if its version looks stable', () => {
    expect(picked('latest', false)).toEqual(['1.4.0'])
    expect(picked('^1.0', false)).toEqual(['1.4.0'])
  })

  test('is there for those who opt in, who name it, or whose range names its like', () => {
    expect(picked('latest', true)).toEqual(['1.6.0-rc.1', '1.5.0', '1.4.0'])
    expect(picked('^1.0', true)).toEqual(['1.6.0-rc.1', '1.5.0', '1.4.0'])
    expect(picked('1.5.0', false)).toEqual(['1.5.0'])
    expect(picked('^1.6.0-rc.0', false)).toEqual(['1.6.0-rc.1'])
  })
})

describe('an exact version', () => {
  test.each([
    ['1.4.2', ['1.4.2']],
    ['v1.4.2', ['1.4.2']],
    ['2.0.0-rc.1', ['2.0.0-rc.1']],
    ['nightly', ['nightly']],
    ['2024.01.15', ['2024.01.15']],
    ['v2024.01.15', ['2024.01.15']],
    ['1.4.3', []],
    ['nightl', []],
  ])('%s', (wanted, expected) => {
    expect(pick(['1.4.1', '1.4.2', '2.0.0-rc.1', 'nightly', '2024.01.15'], wanted)).toEqual(expected)
  })

  test('finds a listing that the source wrote with a v', () => {
    expect(pick(['v1.4.2', 'v1.4.1'], '1.4.2')).toEqual(['v1.4.2'])
  })

  test('with build metadata means that build and no other', () => {
    expect(pick(['1.0.0+a', '1.0.0+b', '1.0.0'], '1.0.0+a')).toEqual(['1.0.0+a'])
    expect(pick(['1.0.0+b', '1.0.0'], '1.0.0+a')).toEqual([])
  })

  test('without build metadata prefers the very text, then takes any build', () => {
    expect(pick(['1.0.0+b', '1.0.0', '1.0.0+a'], '1.0.0')).toEqual(['1.0.0', '1.0.0+b', '1.0.0+a'])
  })

  test('that could be read as a range is first of all what it says', () => {
    expect(pick(['1.4.9', '1.4'], '1.4')).toEqual(['1.4', '1.4.9'])
  })
})

test('build metadata breaks ties the same way in every order of the list', () => {
  const versions = ['1.0.0+1', '1.0.0+2', '1.0.0', '1.0.0+10']
  for (const shuffled of [versions, [...versions].reverse()]) {
    expect(pick(shuffled, '^1')).toEqual(['1.0.0+10', '1.0.0+2', '1.0.0+1', '1.0.0'])
  }
})

const number = fc.integer({ min: 0, max: 12 })
const identifier = fc.constantFrom('alpha', 'beta', 'rc', '0', '1', '2', '10', '11')
const semverText = fc
  .record({
    core: fc.tuple(number, number, number),
    prerelease: fc.option(fc.array(identifier, { minLength: 1, maxLength: 3 }), { nil: [], freq: 2 }),
  })
  .map(({ core, prerelease }) => core.join('.') + (prerelease.length === 0 ? '' : `-${prerelease.join('.')}`))
const comparator = fc
  .tuple(
    fc.constantFrom('', '^', '~', '>', '>=', '<', '<=', '='),
    fc.oneof(
      semverText,
      fc.tuple(number, number).map((parts) => parts.join('.')),
      number.map(String),
    ),
  )
  .map((parts) => parts.join(''))
const rangeText = fc.oneof(
  comparator,
  fc.tuple(comparator, comparator).map((both) => both.join(' ')),
  fc.tuple(comparator, comparator).map((both) => both.join(' || ')),
  fc.tuple(semverText, semverText).map((both) => both.join(' - ')),
  fc.constant('*'),
)

describe('held to node-semver', () => {
  test('the best is maxSatisfying, and the rest is every match in its order', () => {
    fc.assert(
      fc.property(fc.uniqueArray(semverText), rangeText, fc.boolean(), (versions, range, prerelease) => {
        const picked = pick(versions, range, prerelease)
        const options = { includePrerelease: prerelease }
        expect(picked[0] ?? null).toBe(maxSatisfying(versions, range, options))
        expect(picked).toEqual(rsort(versions.filter((version) => satisfies(version, range, options))))
      }),
      { numRuns: 1000 },
    )
  })

  test('latest is the best of everything, or of everything stable', () => {
    fc.assert(
      fc.property(fc.uniqueArray(semverText), fc.boolean(), (versions, prerelease) => {
        const best = maxSatisfying(versions, '*', { includePrerelease: prerelease })
        expect(pick(versions, 'latest', prerelease)[0] ?? null).toBe(best)
      }),
    )
  })
})

describe('laws', () => {
  const anyVersion = fc.oneof(
    semverText,
    fc.string({ minLength: 1, maxLength: 8 }),
    fc.constantFrom('b-9', 'b-10'),
  )

  test('every version that is listed can be named', () => {
    fc.assert(
      fc.property(fc.array(anyVersion, { minLength: 1 }), (versions) => {
        const wanted = versions[0]!
        fc.pre(wanted.trim() === wanted && !/^v?latest$/.test(wanted) && wanted !== '')
        expect(pick(versions, wanted)[0]?.replace(/^v(?=\d)/, '')).toBe(wanted.replace(/^v(?=\d)/, ''))
      }),
    )
  })

  test('nothing is made up, and the order of the list does not matter', () => {
    fc.assert(
      fc.property(fc.uniqueArray(anyVersion), rangeText, (versions, range) => {
        const picked = pick(versions, range, true)
        expect(versions).toEqual(expect.arrayContaining([...picked]))
        expect(pick([...versions].reverse(), range, true)).toEqual(picked)
      }),
    )
  })

  test('compareVersions is a total order', () => {
    fc.assert(
      fc.property(anyVersion, anyVersion, anyVersion, (a, b, c) => {
        expect(Math.sign(compareVersions(a, b))).toBe(-Math.sign(compareVersions(b, a)) + 0)
        expect(compareVersions(a, b) === 0).toBe(a === b)
        if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0) {
          expect(compareVersions(a, c)).toBeLessThanOrEqual(0)
        }
      }),
      { numRuns: 1000 },
    )
  })
})

test('compareVersions puts what is not semver first, by its numbers', () => {
  const versions = ['1.0.0', 'b-10', '2024.02.01', 'b-9', '1.0.0-rc.1', '2024.01.15']
  expect(versions.sort(compareVersions)).toEqual([
    '2024.01.15',
    '2024.02.01',
    'b-9',
    'b-10',
    '1.0.0-rc.1',
    '1.0.0',
  ])
})

test.each([
  ['1.4.2', true],
  ['v1.4.2', true],
  ['nightly', true],
  ['2024.01.15', true],
  ['1.0.0+build', true],
  ['^1.4', false],
  ['1.4', false],
  ['1.x', false],
  ['latest', false],
  ['*', false],
])('isExactVersion(%s) is %s', (text, expected) => {
  expect(isExactVersion(text, 'semver')).toBe(expected)
})

test.each([
  ['latest', false, 'the newest stable version'],
  ['latest', true, 'the newest version, prereleases included'],
  ['^1.4', false, 'a version that matches ^1.4'],
  ['^1.4', true, 'a version that matches ^1.4, prereleases included'],
  ['v1.4.2', true, 'version v1.4.2'],
  ['nightly', false, 'version nightly'],
  ['^1.4', 'beta', 'a version that matches ^1.4, prereleases of beta included'],
])('describePolicy(%s, prerelease %s)', (version, prerelease: boolean | string, expected) => {
  expect(describePolicy(policyOf({ version, prerelease }))).toBe(expected)
})
