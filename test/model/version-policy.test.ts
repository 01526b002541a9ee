/** What a policy takes away from the versions that match: each rule by itself, and the laws they keep together. */
import fc from 'fast-check'
import maxSatisfying from 'semver/ranges/max-satisfying.js'
import satisfies from 'semver/functions/satisfies.js'
import { describe, expect, test } from 'vitest'
import type { VersionPolicy } from '../../src/model/config.js'
import type { VersionListing } from '../../src/model/release.js'
import { isDenied, pickVersion } from '../../src/model/version.js'
import { policyOf } from '../support/version-policy.js'

const hourMs = 3_600_000
const now = new Date('2026-03-01T12:00:00Z')
const hoursAgo = (hours: number) => new Date(now.getTime() - hours * hourMs).toISOString()

function judge(
  listings: readonly (string | VersionListing)[],
  changes: Partial<VersionPolicy>,
  running: string | null = null,
) {
  const all = listings.map((one) => (typeof one === 'string' ? { version: one } : one))
  const { candidates, passedOver } = pickVersion(all, policyOf(changes), { now, running })
  return {
    taken: candidates.map(({ version }) => version),
    passed: Object.fromEntries(passedOver.map(({ listing, rule }) => [listing.version, rule])),
    passedOver,
  }
}

describe('deny', () => {
  test('takes away exact versions and ranges, whatever version: says', () => {
    const offered = ['1.4.1', '1.4.0', '1.3.0', '1.2.9', '1.2.5']
    const { taken, passed } = judge(offered, { deny: ['v1.4.1', '>=1.2 <1.2.9'] })
    expect(taken).toEqual(['1.4.0', '1.3.0', '1.2.9'])
    expect(passed).toEqual({ '1.4.1': 'denied', '1.2.5': 'denied' })
    expect(judge(offered, { version: '1.4.1', deny: ['1.4.1'] })).toMatchObject({
      taken: [],
      passed: { '1.4.1': 'denied' },
    })
  })

  test('of a range covers its prereleases; of one build only that; of a name only that', () => {
    const offered = ['1.4.0-rc.1', '1.4.0+a', '1.4.0+b', 'nightly', 'weekly']
    expect(judge(offered, { prerelease: true, deny: ['1.4.x'] }).taken).toEqual([])
    expect(judge(offered, { deny: ['1.4.0+a'] }).taken).toEqual(['1.4.0+b'])
    expect(judge(offered, { version: 'nightly', deny: ['nightly'] }).taken).toEqual([])
    expect(judge(offered, { version: 'weekly', deny: ['nightly'] }).taken).toEqual(['weekly'])
  })

  test('goes by the scheme', () => {
    const offered = ['2026.4.1', '2026.5.0', '2026.5.1', '2026.6.0']
    const calver = { scheme: 'YYYY.MM.MICRO', deny: ['2026.5', '>=2026.6'] }
    expect(judge(offered, calver).taken).toEqual(['2026.4.1'])
  })
})

describe('minAge', () => {
  const offered = [
    { version: '1.5.0', publishedAt: hoursAgo(1) },
    { version: '1.4.0', publishedAt: hoursAgo(2) },
    { version: '1.3.0', publishedAt: hoursAgo(50) },
    { version: '1.2.0' },
    { version: '1.1.0', publishedAt: 'yesterday' },
  ]

  test('is reached to the millisecond, and what has no time has not reached it', () => {
    const { taken, passed, passedOver } = judge(offered, { minAgeMs: 2 * hourMs })
    expect(taken).toEqual(['1.4.0', '1.3.0'])
    expect(passed).toEqual({ '1.5.0': 'young', '1.2.0': 'undated', '1.1.0': 'undated' })
    expect(passedOver[0]).toMatchObject({ readyAt: new Date('2026-03-01T13:00:00Z') })
    expect(judge(offered, { minAgeMs: 2 * hourMs + 1 }).taken).toEqual(['1.3.0'])
    expect(judge(offered, { minAgeMs: 0 }).taken).toHaveLength(5)
  })

  test('holds for an exact version too, and for one from a clock that is ahead', () => {
    expect(judge(offered, { version: '1.5.0', minAgeMs: 2 * hourMs }).passed).toEqual({ '1.5.0': 'young' })
    expect(judge([{ version: '1.0.0', publishedAt: hoursAgo(-5) }], { minAgeMs: 1 }).passed).toEqual({
      '1.0.0': 'young',
    })
  })
})

describe('a channel', () => {
  const offered = [
    '2.0.0-rc.1',
    '2.0.0-beta.10',
    '2.0.0-beta.9',
    '2.0.0-beta2',
    '2.0.0-beta-3',
    '2.0.0-betamax.1',
    '2.0.0-alpha.beta',
    '2.0.0-0',
    '1.9.0',
  ]

  test('lets its own prereleases through beside stable versions, and no others', () => {
    const { taken, passed } = judge(offered, { prerelease: 'beta' })
    expect(taken).toEqual(['2.0.0-beta2', '2.0.0-beta-3', '2.0.0-beta.10', '2.0.0-beta.9', '1.9.0'])
    expect(new Set(Object.values(passed))).toEqual(new Set(['prerelease']))
  })

  test('is left when the version itself comes', () => {
    expect(judge(['2.0.0', ...offered], { prerelease: 'beta' }).taken[0]).toBe('2.0.0')
  })

  test('is what counts, even if the range names another; an exact version is what it says', () => {
    expect(judge(offered, { version: '^2.0.0-alpha.0', prerelease: 'beta' }).taken).not.toContain(
      '2.0.0-rc.1',
    )
    expect(judge(offered, { version: '2.0.0-rc.1', prerelease: 'beta' }).taken).toEqual(['2.0.0-rc.1'])
  })

  test('has none of those that only their publisher calls prereleases', () => {
    const flagged = [{ version: '2.0.0', prerelease: true as const }, { version: '1.9.0' }]
    expect(judge(flagged, { prerelease: 'beta' })).toMatchObject({
      taken: ['1.9.0'],
      passed: { '2.0.0': 'prerelease' },
    })
  })

  test('is there for calendar versions as well', () => {
    const calendar = ['2026.11.0-beta.2', '2026.11.0-rc.1', '2026.10.0']
    expect(judge(calendar, { scheme: 'YYYY.MM.MICRO', prerelease: 'beta' }).taken).toEqual([
      '2026.11.0-beta.2',
      '2026.10.0',
    ])
    const short = { scheme: 'YY.MINOR.MICROMODIFIER', prerelease: 'b' }
    expect(judge(['26.1.0b2', '26.1.0rc1', '26.0.0'], short).taken).toEqual(['26.1.0b2', '26.0.0'])
  })
})

describe('what runs', () => {
  const offered = ['1.4.0', '1.5.0', '1.6.0']

  test('is not gone below by a range or by latest', () => {
    expect(judge(offered, {}, '1.5.0')).toMatchObject({
      taken: ['1.6.0', '1.5.0'],
      passed: { '1.4.0': 'older' },
    })
    expect(judge(offered, { version: '~1.4.0' }, '1.5.0')).toMatchObject({
      taken: [],
      passed: { '1.4.0': 'older' },
    })
  })

  test('is gone below by an exact version, and where that is allowed', () => {
    expect(judge(offered, { version: '1.4.0' }, '1.5.0').taken).toEqual(['1.4.0'])
    expect(judge(offered, { version: '~1.4.0', allowDowngrade: true }, '1.5.0').taken).toEqual(['1.4.0'])
  })

  test('is above its own prereleases', () => {
    expect(judge(['2.0.0-rc.2'], { prerelease: true }, '2.0.0').taken).toEqual([])
    expect(judge(['2.0.0'], {}, '2.0.0-rc.2').taken).toEqual(['2.0.0'])
  })

  test('has no place in a scheme that it does not fit', () => {
    expect(judge(['2026.4.1'], { scheme: 'YYYY.MM.MICRO' }, '9.0.0').taken).toEqual(['2026.4.1'])
  })
})

describe('laws', () => {
  const number = fc.integer({ min: 0, max: 4 })
  const version = fc
    .tuple(number, number, number, fc.constantFrom('', '', '-beta.1', '-beta2', '-rc.1', '-0'))
    .map(([major, minor, patch, suffix]) => `${major}.${minor}.${patch}${suffix}`)
  const listing = fc
    .record({ version, age: fc.option(fc.integer({ min: -2, max: 100 })), flagged: fc.boolean() })
    .map(({ version: text, age, flagged }) => ({
      version: text,
      ...(age === null ? {} : { publishedAt: hoursAgo(age) }),
      ...(flagged ? { prerelease: true as const } : {}),
    }))
  const listings = fc.uniqueArray(listing, { selector: (one) => one.version })
  const range = fc.oneof(
    fc.constantFrom('latest', '*', '>=1 <3', '^2.0.0-beta.0'),
    fc.tuple(fc.constantFrom('^', '~', '>=', '<', ''), version).map((parts) => parts.join('')),
  )
  const policy = fc.record({
    version: range,
    prerelease: fc.constantFrom<boolean | string>(false, true, 'beta', 'rc'),
    minAgeMs: fc.integer({ min: 0, max: 90 }).map((hours) => hours * hourMs),
    deny: fc.array(
      range.filter((text) => text !== 'latest'),
      { maxLength: 2 },
    ),
    allowDowngrade: fc.boolean(),
  })
  const running = fc.option(version)
  const runs = { numRuns: 500 }

  test('deny takes away exactly what it names', () => {
    fc.assert(
      fc.property(listings, policy, running, (all, given, current) => {
        const without = judge(all, { ...given, deny: [] }, current).taken
        const expected = without.filter((text) => !isDenied(text, policyOf(given)))
        expect(judge(all, given, current).taken).toEqual(expected)
      }),
      runs,
    )
    fc.assert(
      fc.property(listings, range, (all, denied) => {
        fc.pre(denied !== 'latest')
        const { taken } = judge(all, { prerelease: true, deny: [denied] })
        const left = all.filter((one) => !satisfies(one.version, denied, { includePrerelease: true }))
        expect([...taken].sort()).toEqual(left.map((one) => one.version).sort())
      }),
      runs,
    )
  })

  test('a longer minAge never lets more through, and time only brings more', () => {
    fc.assert(
      fc.property(listings, policy, running, fc.nat({ max: 50 }), (all, given, current, hours) => {
        const longer = judge(all, { ...given, minAgeMs: given.minAgeMs + hours * hourMs }, current).taken
        const plain = judge(all, given, current).taken
        expect(plain).toEqual(expect.arrayContaining([...longer]))
        const later = new Date(now.getTime() + hours * hourMs)
        const then = pickVersion(all, policyOf(given), { now: later, running: current }).candidates
        expect(then.map((one) => one.version)).toEqual(expect.arrayContaining([...plain]))
      }),
      runs,
    )
  })

  test('a channel lets no other channel through, and everything stable that no channel would', () => {
    fc.assert(
      fc.property(listings, policy, running, (all, given, current) => {
        const exact = /^[0-9.]+(-.*)?$/.test(given.version) // an exact version is what it says
        fc.pre(!exact)
        const { taken } = judge(all, { ...given, prerelease: 'beta' }, current)
        expect(taken.filter((text) => text.includes('-') && !text.includes('-beta'))).toEqual([])
        const stable = judge(all, { ...given, prerelease: false }, current).taken
        expect(taken).toEqual(expect.arrayContaining(stable.filter((text) => !text.includes('-'))))
      }),
      runs,
    )
  })

  test('nothing below what runs is taken, unless it is named or allowed', () => {
    fc.assert(
      fc.property(listings, policy, version, (all, given, current) => {
        fc.pre(!given.allowDowngrade && !/^[0-9.]+(-.*)?$/.test(given.version))
        const { taken } = judge(all, given, current)
        expect(
          taken.filter((text) => maxSatisfying([text, current], '*', { includePrerelease: true }) !== text),
        ).toEqual([])
      }),
      runs,
    )
  })

  test('every version that matches is either taken or passed over, and none is both', () => {
    fc.assert(
      fc.property(listings, policy, running, (all, given, current) => {
        const { taken, passedOver } = judge(all, given, current)
        const told = [...taken, ...passedOver.map((one) => one.listing.version)]
        expect(new Set(told).size).toBe(told.length)
        const plain = { version: given.version, prerelease: true }
        expect(told).toEqual(expect.arrayContaining([...judge(all, plain).taken]))
      }),
      runs,
    )
  })
})
