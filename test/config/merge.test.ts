import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Json } from '../../src/base/hash.js'
import { mergeOver } from '../../src/config/merge.js'
import { isMap } from '../../src/config/tree.js'

const key = fc.constantFrom('a', 'b', 'c', 'd')
const leaf = fc.oneof(fc.integer(), fc.string(), fc.boolean(), fc.array(fc.integer(), { maxLength: 2 }))
/** Maps whose keys a and b are always maps, c and d never: the same key has the same kind in each. */
const sameKinds = fc.letrec<{ map: Json }>((tie) => ({
  map: fc
    .tuple(
      fc.dictionary(fc.constantFrom('a', 'b'), fc.oneof({ maxDepth: 3 }, fc.constant({}), tie('map'))),
      fc.dictionary(fc.constantFrom('c', 'd'), leaf),
    )
    .map(([maps, leaves]) => ({ ...maps, ...leaves })),
})).map
const anything = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, leaf, fc.constant(null), fc.dictionary(key, tie('value'))),
})).value
const anyMap = fc.dictionary(key, anything)

describe('laws of merging', () => {
  test('nothing over a document changes nothing', () => {
    fc.assert(
      fc.property(sameKinds, (base) => {
        expect(mergeOver(base, {})).toEqual(base)
      }),
    )
  })

  test('a document over nothing, or over itself, is itself', () => {
    fc.assert(
      fc.property(sameKinds, (base) => {
        expect(mergeOver({}, base)).toEqual(base)
        expect(mergeOver(base, base)).toEqual(base)
      }),
    )
  })

  test('where keys keep their kind, it does not matter which two are merged first', () => {
    fc.assert(
      fc.property(sameKinds, sameKinds, sameKinds, (a, b, c) => {
        expect(mergeOver(mergeOver(a, b), c)).toEqual(mergeOver(a, mergeOver(b, c)))
      }),
    )
  })

  test('no null survives below a key, whoever wrote it', () => {
    fc.assert(
      fc.property(anyMap, anyMap, (base, over) => {
        expect(nulls(mergeOver(base, over))).toBe(0)
      }),
    )
  })

  test('what the override says is so; what it does not mention stays', () => {
    fc.assert(
      fc.property(
        sameKinds,
        fc.dictionary(fc.constantFrom('c', 'd'), fc.oneof(leaf, fc.constant(null))),
        (base, over) => {
          const merged = mergeOver(base, over)
          for (const name of ['a', 'b', 'c', 'd']) {
            const expected = name in over ? (over[name] ?? undefined) : isMap(base) ? base[name] : undefined
            expect(isMap(merged) ? merged[name] : undefined).toEqual(expected)
          }
        },
      ),
    )
  })

  test('neither side is changed', () => {
    fc.assert(
      fc.property(anyMap, anyMap, (base, over) => {
        const before = structuredClone([base, over])
        mergeOver(base, over)
        expect([base, over]).toEqual(before)
      }),
    )
  })
})

test('lists are replaced, maps are not, and keys keep their order', () => {
  const merged = mergeOver({ z: [1, 2], m: { a: 1, b: 2 }, k: 1 }, { n: 1, m: { b: null, c: 3 }, z: [] })
  expect(JSON.stringify(merged)).toBe('{"z":[],"m":{"a":1,"c":3},"k":1,"n":1}')
})

function nulls(value: Json): number {
  if (value === null) return 1
  return isMap(value) ? Object.values(value).reduce<number>((sum, item) => sum + nulls(item), 0) : 0
}
