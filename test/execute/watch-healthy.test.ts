import { expect, test } from 'vitest'
import { watchHealthy } from '../../src/execute/watch-healthy.js'
import type { InstanceReach } from '../../src/model/target.js'
import { nowhere } from '../support/nowhere.js'
import { fakeClock } from '../support/fake-clock.js'

const well: InstanceReach = {
  address: { host: '10.0.0.2', port: 8080 },
  ended: null,
  health: 'none',
  restarts: 2,
  run: () => Promise.reject(new Error('nothing is run')),
}

/** Watches for ten seconds what is seen so one look after the other; the last stays. */
function watch(...seen: readonly Partial<InstanceReach>[]): Promise<void> {
  let looks = 0
  const placeNow = async () => ({
    ...nowhere,
    reach: { ...well, ...seen[Math.min(looks++, seen.length - 1)] },
  })
  return watchHealthy({ name: 'web-1', placeNow, checks: [] }, 10_000, {
    clock: fakeClock(),
    onProgress: () => undefined,
    signal: new AbortController().signal,
  })
}

test('an instance that stays as it was is well', async () => {
  await watch({})
})

test.each([
  ['ends', { ended: 'it exited with code 3' }, /web-1 did not stay up: it exited with code 3/],
  ['is started again', { restarts: 3 }, /it ended and was started again once/],
  [
    'comes back elsewhere',
    { address: { host: '10.0.0.3', port: 8080 } },
    /it listened at 10\.0\.0\.2:8080, and now at 10\.0\.0\.3:8080/,
  ],
])('one that %s is not', async (_, change, message) => {
  await expect(watch({}, {}, change)).rejects.toThrow(message)
})
