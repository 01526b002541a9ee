import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bucketLayout, companionKeys } from '../../../../src/drivers/sources/bucket/bucket-layout.js'
import { readAddress, writeAddress } from '../../../../src/drivers/sources/bucket/object-address.js'

test.each([
  [{ pattern: 'app-{version}.tgz' }, 'app-', 'app-v1.0.0.tgz', '1.0.0'],
  [{ prefix: 'shop', pattern: 'app-{version}.tgz' }, 'shop/app-', 'shop/app-1.0.0.tgz', '1.0.0'],
  [{ prefix: '/shop/', pattern: '/{version}/app.tgz' }, 'shop/', 'shop/1.0.0/app.tgz', '1.0.0'],
  [{ prefix: '', pattern: '{version}.tgz' }, '', '1.0.0.tgz', '1.0.0'],
  [{ prefix: 'shop', pattern: '{version}.tgz' }, 'shop/', '1.0.0.tgz', null],
  [{ prefix: 'shop', pattern: '{version}.tgz' }, 'shop/', 'shop/old/1.0.0.tgz', null],
])('%j begins with "%s" and reads %s as %s', (options, begins, key, version) => {
  const layout = bucketLayout(options)
  expect([layout.begins, layout.versionOf(key)]).toEqual([begins, version])
})

test.each([
  ['shop/app-1.0.0.tgz', 'SHA256SUMS', ['shop/SHA256SUMS']],
  ['app-1.0.0.tgz', 'app-{version}.tgz.sig', ['app-1.0.0.tgz.sig']],
  ['shop/v1.0.0/app.tgz', '{version}.sig', ['shop/v1.0.0/v1.0.0.sig', 'shop/v1.0.0/1.0.0.sig']],
  ['shop/v1.0.0/app.tgz', '../sums', ['shop/sums']],
  ['app.tgz', '../sums', []],
])('beside %s, %s may be %j', (key, name, expected) => {
  expect(companionKeys(key, name, '1.0.0')).toEqual(expected)
})

test('an address tells the key and its edition, whatever is in them', () => {
  const text = fc.string({ unit: 'grapheme', minLength: 1 })
  fc.assert(
    fc.property(text, fc.option(text), (key, edition) => {
      const address = writeAddress('s3', 'releases', { key, edition })
      expect(readAddress(address)).toEqual({ key, edition })
      expect(address).not.toMatch(/\s/)
    }),
  )
})

test.each(['', 'https://example.com/x?y=z', 's3://bucket', 's3://b/%zz'])(
  '"%s" is no such address',
  (text) => {
    expect(() => readAddress(text)).toThrow(/is no address of an object/)
  },
)
