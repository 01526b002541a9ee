import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { digestOf } from '../../src/base/hash.js'
import { releaseFolderName } from '../../src/model/release-folder.js'
import type { Release } from '../../src/model/release.js'

const digest = `sha256:9f2c41ab${'0'.repeat(56)}`

function release(version: string, of = digest): Release {
  return { source: 'api', version, digest: of, artifact: { kind: 'folder', name: version, location: '/' } }
}

describe('the name of a release folder', () => {
  test('is the version and the beginning of the digest, so that people can match it', () => {
    expect(releaseFolderName(release('1.4.2'), {})).toBe('1.4.2-9f2c41ab')
    expect(releaseFolderName(release('1.4.2'), null)).toBe('1.4.2-9f2c41ab')
  })

  test('differs when the options that shape the folder differ, whatever their order', () => {
    const one = releaseFolderName(release('1.4.2'), { shared: ['.env'], strip: 1 })
    expect(one).toBe(releaseFolderName(release('1.4.2'), { strip: 1, shared: ['.env'] }))
    expect(one).not.toBe(releaseFolderName(release('1.4.2'), { shared: ['.env'], strip: 2 }))
    expect(one).not.toBe(releaseFolderName(release('1.4.2'), {}))
  })

  test('two builds of one version have two folders', () => {
    expect(releaseFolderName(release('1.0.0', digestOf(1)), {})).not.toBe(
      releaseFolderName(release('1.0.0', digestOf(2)), {}),
    )
  })

  test('is always one visible file name that any disk takes', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary', maxLength: 400 })), (version) => {
        const name = releaseFolderName(release(version), {})
        expect(name).toMatch(/^[A-Za-z0-9_+~][A-Za-z0-9._+~-]*-[0-9a-f]{8}$/)
        expect(name.length).toBeLessThan(120)
        expect(releaseFolderName(release(version), {})).toBe(name)
      }),
    )
  })

  test('never climbs, never hides', () => {
    expect(releaseFolderName(release('../../etc'), {})).toBe('etc-9f2c41ab')
    expect(releaseFolderName(release('..'), {})).toBe('unnamed-9f2c41ab')
    expect(releaseFolderName(release('.hidden'), {})).toBe('hidden-9f2c41ab')
  })
})
