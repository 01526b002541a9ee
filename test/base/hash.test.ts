import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalJson, digestOf, shortDigest } from '../../src/base/hash.js'

describe('canonical JSON', () => {
  test('is JSON of the same data', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })

  test('is the same text whatever the order of keys, and sorted by code unit, after whole numbers', () => {
    const backwards = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(backwards)
      if (typeof value !== 'object' || value === null) return value
      return Object.fromEntries(
        Object.entries(value)
          .reverse()
          .map(([key, item]) => [key, backwards(item)]),
      )
    }
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(canonicalJson(backwards(value))).toBe(canonicalJson(value))
      }),
    )
    expect(canonicalJson({ b: 1, a: 2, 10: 3, 9: 4, Z: 5 })).toBe('{"9":4,"10":3,"Z":5,"a":2,"b":1}')
  })

  test('keeps a key that objects have by birth', () => {
    expect(canonicalJson(JSON.parse('{"b":1,"__proto__":{"a":2}}'))).toBe('{"__proto__":{"a":2},"b":1}')
  })

  test('leaves out what is undefined and escapes what JSON escapes', () => {
    expect(canonicalJson({ a: undefined, b: null })).toBe('{"b":null}')
    expect(canonicalJson({ 'a"b': 'c\\d\n\u2028é\ud800' })).toBe(
      JSON.stringify({ 'a"b': 'c\\d\n\u2028é\ud800' }),
    )
  })
})

test('a digest names its algorithm and its first eight digits name it for people', () => {
  expect(digestOf({ a: 1 })).toMatch(/^sha256:[0-9a-f]{64}$/)
  expect(shortDigest(digestOf({ a: 1 }))).toBe(digestOf({ a: 1 }).slice(7, 15))
})
