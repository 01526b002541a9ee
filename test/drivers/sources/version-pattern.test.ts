import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  fillVersion,
  patternSchemaPattern,
  versionReader,
} from '../../../src/drivers/sources/version-pattern.js'

test.each([
  ['{version}', '1.0.0', '1.0.0'],
  ['{version}', 'v1.0.0', '1.0.0'],
  ['{version}', '1.0.0+build.5', '1.0.0+build.5'],
  ['{version}', 'version-one', 'version-one'],
  ['{version}', '.hidden', null],
  ['{version}', 'a b', null],
  ['{version}', 'a/b', null],
  ['app-{version}', 'app-v2', '2'],
  ['app-{version}', 'app-', null],
  ['app-{version}', 'happ-1', null],
  ['app.{version}.zip', 'app.1.0.0.zip', '1.0.0'],
  ['app.{version}.zip', 'appx1.0.0.zip', null],
  ['app.{version}.zip', 'app.1.0.0.zip.tmp', null],
  ['{version}/app-{version}.zip', '1.0.0/app-1.0.0.zip', '1.0.0'],
  ['{version}/app-{version}.zip', 'v1.0.0/app-1.0.0.zip', '1.0.0'],
  ['{version}/app-{version}.zip', '1.0.0/app-v1.0.0.zip', '1.0.0'],
  ['{version}/app-{version}.zip', '1.0.0/app-1.0.1.zip', null],
  ['{version}/app-{version}.zip', 'vnext/app-vnext.zip', 'vnext'],
])('%s reads %s as %s', (pattern, name, expected) => {
  expect(versionReader(pattern)(name)).toBe(expected)
})

test('what a pattern makes of a version, it reads back', () => {
  const around = fc.string({ maxLength: 8 }).filter((text) => !/[{}]/.test(text))
  const version = fc.stringMatching(/^[0-9][A-Za-z0-9._+~-]{0,12}$/)
  fc.assert(
    fc.property(around, around, version, (before, after, text) => {
      const pattern = `${before}{version}${after}`
      expect(new RegExp(patternSchemaPattern).test(pattern)).toBe(true)
      expect(versionReader(pattern)(fillVersion(pattern, text))).toBe(text)
    }),
  )
})
