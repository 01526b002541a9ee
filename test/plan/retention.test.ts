/** Law 7 as a property: whatever was deployed, failed, held and pinned, retention keeps what must be kept. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Deployed } from '../../src/model/state.js'
import { demote, isGood, retain } from '../../src/plan/retention.js'

const deployed = (version: string): Deployed => ({
  release: {
    source: 's',
    version,
    digest: `sha256:${version}`,
    artifact: { kind: 'folder', name: version, location: version },
  },
  spec: { target: { type: 'directory' }, checks: [] },
  instances: [],
  at: '',
  deployment: '',
})

const cases = fc.record({
  versions: fc.uniqueArray(fc.integer({ min: 1, max: 40 }).map(String), { maxLength: 20 }),
  held: fc.array(fc.integer({ min: 1, max: 40 }).map((version) => ({ digest: `sha256:${version}` }))),
  pinned: fc.option(fc.integer({ min: 1, max: 40 }).map((version) => `sha256:${version}`)),
  keepReleases: fc.integer({ min: 1, max: 8 }),
})

describe('retention', () => {
  test('keeps the newest good release and a pinned one, always', () => {
    fc.assert(
      fc.property(cases, ({ versions, held, pinned, keepReleases }) => {
        const previous = versions.map(deployed)
        const kept = retain(previous, held, pinned, keepReleases)
        const newestGood = previous.find((one) => isGood(one, held))
        if (newestGood !== undefined) expect(kept).toContain(newestGood)
        const pinnedOne = previous.find((one) => one.release.digest === pinned)
        if (pinnedOne !== undefined) expect(kept).toContain(pinnedOne)
      }),
    )
  })

  test('keeps as many good ones as there is room for, whatever else was held', () => {
    fc.assert(
      fc.property(cases, ({ versions, held, keepReleases }) => {
        const previous = versions.map(deployed)
        const good = previous.filter((one) => isGood(one, held))
        const kept = retain(previous, held, null, keepReleases)
        expect(kept.filter((one) => isGood(one, held))).toEqual(good.slice(0, Math.max(keepReleases - 1, 1)))
        expect(kept.length).toBeLessThanOrEqual(Math.max(keepReleases - 1, 1))
        expect(previous.filter((one) => kept.includes(one))).toEqual(kept)
      }),
    )
  })

  test('what becomes active leaves the earlier ones, and nothing stands there twice', () => {
    fc.assert(
      fc.property(cases, fc.integer({ min: 1, max: 40 }).map(String), ({ versions }, next) => {
        const [active, ...previous] = versions.map(deployed)
        const digests = demote(active ?? null, previous, `sha256:${next}`).map((one) => one.release.digest)
        expect(digests).not.toContain(`sha256:${next}`)
        expect(new Set(digests).size).toBe(digests.length)
      }),
    )
  })
})
