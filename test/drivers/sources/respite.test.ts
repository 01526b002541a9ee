import { expect, test } from 'vitest'
import { DeployError, type ErrorCode } from '../../../src/base/deploy-error.js'
import { respite } from '../../../src/drivers/sources/respite.js'
import { failureOf } from '../../contract/source.contract.js'

function bench() {
  let nowMs = 0
  const clock = { now: () => new Date(nowMs), monotonicMs: () => nowMs, sleep: async () => undefined }
  const rest = respite(clock)
  const seen: boolean[] = []
  const fail = (code: ErrorCode) =>
    failureOf(
      rest.around(async (failing) => {
        seen.push(failing)
        throw new DeployError(code, 'it failed', { hint: 'Wait.' })
      }),
    )
  return { rest, seen, fail, pass: (ms: number) => void (nowMs += ms) }
}

test('a place that failed is left alone for twice as long each time, up to five minutes', async () => {
  const { seen, fail, pass } = bench()
  const askedAtS: number[] = []
  for (let second = 0; second <= 1500; second++) {
    const before = seen.length
    await fail('SOURCE_UNREACHABLE')
    if (seen.length > before) askedAtS.push(second)
    pass(1000)
  }
  expect(askedAtS).toEqual([0, 20, 60, 140, 300, 600, 900, 1200, 1500])
  expect(seen).toEqual([false, ...askedAtS.slice(1).map(() => true)])
})

test('the last failure is the answer meanwhile', async () => {
  const { fail, pass } = bench()
  await fail('TIMEOUT')
  pass(5000)
  expect(await fail('SOURCE_UNREACHABLE')).toMatchObject({
    code: 'TIMEOUT',
    message: 'it failed',
    hint: 'Wait.',
    details: ['this was its last answer; it is asked again in 15s'],
  })
})

test('an answer ends it', async () => {
  const { rest, seen, fail, pass } = bench()
  await fail('TIMEOUT')
  pass(20_000)
  expect(await rest.around(async () => 'well')).toBe('well')
  await fail('TIMEOUT')
  pass(20_000)
  await fail('TIMEOUT')
  expect(seen).toEqual([false, false, true])
})

test.each(['SOURCE_DENIED', 'SOURCE_NOT_FOUND', 'SOURCE_GARBAGE', 'CANCELLED'] as const)(
  '%s is told anew each time',
  async (code) => {
    const { seen, fail } = bench()
    await fail(code)
    await fail(code)
    expect(seen).toEqual([false, false])
  },
)

test('lasts as long as the place has asked for', async () => {
  const { rest, fail, seen, pass } = bench()
  await failureOf(
    rest.around(async () => {
      rest.atLeast(100_000)
      throw new DeployError('SOURCE_RATE_LIMITED', 'slower')
    }),
  )
  pass(99_000)
  await fail('TIMEOUT')
  expect(seen).toEqual([])
  pass(2_000)
  await fail('TIMEOUT')
  expect(seen).toEqual([true])
})
