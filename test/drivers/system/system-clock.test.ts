/** The real clock: sleeping ends by itself, by a signal, and never at once because it is long. */
import { expect, test } from 'vitest'
import { systemClock } from '../../../src/drivers/system/system-clock.js'

test('the time and the stopwatch both move on', async () => {
  const [now, ms] = [systemClock.now().getTime(), systemClock.monotonicMs()]
  await systemClock.sleep(5)
  expect(systemClock.monotonicMs()).toBeGreaterThanOrEqual(ms + 5)
  expect(systemClock.now().getTime()).toBeGreaterThanOrEqual(now)
})

test('a signal wakes a sleeper, before or while it sleeps', async () => {
  await systemClock.sleep(1e9, AbortSignal.abort())
  const abort = new AbortController()
  const sleeping = systemClock.sleep(1e9, abort.signal)
  abort.abort()
  await sleeping
})

test('a sleep longer than a timer can be does not end at once', async () => {
  const abort = new AbortController()
  const sleeping = systemClock.sleep(2 ** 33, abort.signal).then(() => 'over')
  expect(await Promise.race([sleeping, systemClock.sleep(20).then(() => 'asleep')])).toBe('asleep')
  abort.abort()
  await sleeping
})

test('no time is no sleep', async () => {
  await systemClock.sleep(0)
  await systemClock.sleep(-5)
})
