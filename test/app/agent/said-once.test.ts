/** What is said once: that only time has passed is no news. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createSaidOnce } from '../../../src/app/agent/said-once.js'
import { formatDuration } from '../../../src/base/duration.js'

test('a text is no news again, however much time has passed in it, until it is forgotten', () => {
  const duration = fc.integer({ min: 0, max: 400 * 86_400_000 }).map(formatDuration)
  fc.assert(
    fc.property(duration, duration, (first, second) => {
      const said = createSaidOnce()
      expect(said.isNews('web', `it is ${first} old, and 1h is asked for`)).toBe(true)
      expect(said.isNews('web', `it is ${second} old, and 1h is asked for`)).toBe(false)
      expect(said.isNews('api', `it is ${second} old, and 1h is asked for`)).toBe(true)
      expect(said.isNews('web', 'it is old enough')).toBe(true)
      expect(said.forget('web')).toBe(true)
      expect(said.isNews('web', 'it is old enough')).toBe(true)
    }),
  )
  const said = createSaidOnce()
  expect(said.isNews('web', 'since 2026-01-05T10:00:00.000Z')).toBe(true)
  expect(said.isNews('web', 'since 2026-01-06T11:01:00.000Z')).toBe(false)
  expect(said.isNews('web', 'web v1.2.3 came')).toBe(true)
  expect(said.isNews('web', 'web v1.2.4 came')).toBe(true)
})
