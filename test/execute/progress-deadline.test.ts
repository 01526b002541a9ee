import { expect, test } from 'vitest'
import { DeployError } from '../../src/base/deploy-error.js'
import { createProgressDeadline } from '../../src/execute/progress-deadline.js'
import type { Step } from '../../src/model/plan.js'
import { fakeClock } from '../support/fake-clock.js'

const never = new AbortController().signal
const stepOf = (progress: Step['progress'] | null, host = 'local'): Step => ({
  id: 'web/start',
  title: '',
  service: 'web',
  host,
  needs: [],
  apply: { verb: 'start', instances: [] },
  revert: { nothing: true },
  timeoutMs: 1,
  tolerant: false,
  risks: [],
  ...(progress === null || progress === undefined ? {} : { progress }),
})

/** Works of so many milliseconds each, one after another; how many were done, and what ended the rest. */
async function run(
  works: readonly (readonly [step: Step, ms: number])[],
): Promise<readonly [number, unknown]> {
  const clock = fakeClock()
  const deadline = createProgressDeadline(clock)
  for (const [index, [step, ms]] of works.entries()) {
    try {
      await deadline.within(step, never, async (signal) => {
        await clock.sleep(ms, signal)
        signal.throwIfAborted()
      })
    } catch (error) {
      return [index, error]
    }
  }
  return [works.length, null]
}

const first = stepOf({ deadlineMs: 1000, begins: true })
const later = stepOf({ deadlineMs: 1000, begins: false })

test('steps that are done within their time are left alone, and each batch has its own', async () => {
  expect(
    await run([
      [first, 400],
      [later, 500],
      [first, 400],
      [later, 500],
    ]),
  ).toEqual([4, null])
})

test('the time of a batch counts from its first step, whichever step it is that takes too long', async () => {
  const [done, error] = await run([
    [first, 400],
    [later, 400],
    [later, 400],
  ])
  expect(done).toBe(2)
  expect(error).toEqual(
    new DeployError('TIMEOUT', 'no progress within 1s: the next copies of web do not serve yet'),
  )
})

test('what lies between and has no part in it takes its time away all the same', async () => {
  const [done] = await run([
    [first, 400],
    [stepOf(null), 700],
    [later, 10],
  ])
  expect(done).toBe(2)
})

test('hosts have times of their own', async () => {
  const [done, error] = await run([
    [first, 900],
    [stepOf({ deadlineMs: 1000, begins: true }, 'web2'), 900],
    [stepOf({ deadlineMs: 1000, begins: false }, 'web2'), 200],
  ])
  expect(done).toBe(2)
  expect((error as Error).message).toContain('no progress on web2 within 1s')
})

test('taken up again in the middle of a batch, it has its whole time', async () => {
  expect(await run([[later, 900]])).toEqual([1, null])
})
