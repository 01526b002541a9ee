/** Version policies in deploy.yaml: who inherits what from whom, and what makes no sense. */
import { describe, expect, test } from 'vitest'
import { policyOf } from '../support/version-policy.js'
import { loadValid, problemsIn } from './support/load-text.js'

/** Keys of a source and of a service of it. Line 4 is the source, line 6 the service. */
const file = (source: string, service: string) => `version: 1
project: shop
sources:
  web: { type: directory, path: releases${source} }
services:
  web: { source: web, target: { type: directory, path: /srv/web }${service} }
`
const configOf = async (source: string, service: string) => (await loadValid(file(source, service))).config
const problems = (source: string, service = '') => problemsIn(file(source, service))

describe('a policy', () => {
  test('on a source is that of its services, and no option of the driver', async () => {
    const config = await configOf(
      ', version: ^1.4, prerelease: beta, minAge: 2h, deny: ["1.4.1"], allowDowngrade: true, gracePeriod: 1h',
      '',
    )
    expect(config.sources).toEqual({ web: { type: 'directory', path: 'releases' } })
    expect(config.services['web']).toMatchObject({
      policy: policyOf({
        version: '^1.4',
        prerelease: 'beta',
        minAgeMs: 7_200_000,
        deny: ['1.4.1'],
        allowDowngrade: true,
      }),
      gracePeriodMs: 3_600_000,
    })
  })

  test('on a service wins, key by key, also with what switches something off', async () => {
    const config = await configOf(
      ', scheme: YYYY.MM.MICRO, version: 2026.x, prerelease: true, minAge: 2h, deny: ["2026.4"], allowDowngrade: true',
      ', prerelease: false, minAge: "0", deny: []',
    )
    expect(config.services['web']?.policy).toEqual(
      policyOf({ scheme: 'YYYY.MM.MICRO', version: '2026.x', allowDowngrade: true }),
    )
  })
})

describe('what makes no sense', () => {
  test.each([
    [
      ', scheme: YYYY.MM.PATCH',
      '4:51 sources.web.scheme: "YYYY.MM.PATCH" is neither semver nor a calendar format: ".PATCH" does not begin with a token',
    ],
    [
      ', scheme: semvr',
      '4:51 sources.web.scheme: "semvr" is neither semver nor a calendar format: "semvr" does not begin with a token | Did you mean "semver"?',
    ],
    [
      ', prerelease: "beta.1"',
      '4:55 sources.web.prerelease must be true, false, or the name of a channel such as beta, not "beta.1"',
    ],
    [
      ', prerelease: "yes"',
      '4:55 sources.web.prerelease: "yes" would be the name of a channel | Write true, false, or a name such as beta.',
    ],
    [
      ', deny: [1.4.1, ">= banana"]',
      '4:57 sources.web.deny: ">= banana" is no version and no range | Write 1.4.2, ^1.4, ">=1.2 <2".',
    ],
    [', deny: [latest]', '4:50 sources.web.deny: "latest" is no version and no range'],
    [', deny: 1.4.1', '4:49 sources.web.deny must be a list, not "1.4.1"'],
    [', minAge: soon', '4:51 sources.web.minAge must be'],
    [', gracePeriod: soon', '4:56 sources.web.gracePeriod must be'],
    [
      ', version: ">= banana"',
      '4:52 sources.web.version: ">= banana" is no version, no range and not latest',
    ],
    [
      ', scheme: YYYY.MM.MICRO, version: ^2026.4',
      '4:75 sources.web.version: "^2026.4" is no version, no range and not latest | Write a version as in YYYY.MM.MICRO',
    ],
  ])('on a source: %s', async (keys, expected) => {
    expect(await problems(keys)).toEqual([expect.stringContaining(expected) as string])
  })

  test('on a service is judged by the scheme that holds there', async () => {
    expect(await problems(', scheme: YYYY.MM.MICRO', ', version: ^1.4')).toEqual([
      expect.stringMatching(/^6:77 services\.web\.version: "\^1\.4" is no version, no range and not latest/),
    ])
    expect(await problems(', version: ^1.4', ', scheme: YYYY.MM.MICRO')).toEqual([
      expect.stringMatching(
        /^6:76 services\.web\.version: "\^1\.4" .*; it comes from the source, whose scheme is another$/,
      ),
    ])
    expect(await problems(', version: ^1.4', ', scheme: YYYY.MM.MICRO, version: 2026.x')).toEqual([])
  })

  test('gracePeriod belongs to the source', async () => {
    expect(await problems('', ', gracePeriod: 1h')).toEqual([
      expect.stringContaining('services.web has no key "gracePeriod"') as string,
    ])
  })

  test('an exact version that is denied', async () => {
    const expected =
      '6:77 services.web.version: 1.4.1 is denied by deny: 1.4.x | Take it off deny:, or ask for another.'
    expect(await problems(', deny: [1.4.x]', ', version: 1.4.1')).toEqual([expected])
    expect(await problems('', ', version: 1.4.1, deny: [1.4.x]')).toEqual([expected])
    expect(await problems(', deny: [1.4.x]', ', version: 1.4.1, deny: []')).toEqual([])
    expect(await problems(', deny: [1.4.x]', ', version: ^1')).toEqual([])
  })
})
