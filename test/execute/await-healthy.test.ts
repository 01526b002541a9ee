import { describe, expect, test } from 'vitest'
import { awaitHealthy } from '../../src/execute/await-healthy.js'
import type { Progress } from '../../src/model/event.js'
import type { ProbeAnswer } from '../../src/model/health-check.js'
import { fakeClock } from '../support/fake-clock.js'
import { nowhere } from '../support/nowhere.js'

const place = async () => nowhere
const spec = {
  name: 'ready',
  probe: { type: 'fake' },
  intervalMs: 1000,
  timeoutMs: 500,
  healthyAfter: 2,
  deadlineMs: 5000,
}

function run(answers: readonly boolean[], changes: Partial<typeof spec> = {}) {
  const progress: Progress[] = []
  let tries = 0
  const probe = async (): Promise<ProbeAnswer> => {
    const healthy = answers[Math.min(tries++, answers.length - 1)] ?? false
    return { healthy, seen: healthy ? 'answered 200' : 'answered 500', details: ['body'] }
  }
  const clock = fakeClock()
  const signal = new AbortController().signal
  const waiting = awaitHealthy({ ...spec, ...changes }, { probe }, place, {
    clock,
    onProgress: (one) => progress.push(one),
    signal,
  })
  return { waiting, tries: () => tries, progress }
}

describe('waiting for health', () => {
  test('ends after as many good answers in a row as asked for', async () => {
    const { waiting, tries } = run([false, true, false, true, true])
    await waiting
    expect(tries()).toBe(5)
  })

  test('gives up at the deadline and says what was seen last, how often and for how long', async () => {
    const { waiting, progress } = run([false])
    await expect(waiting).rejects.toMatchObject({
      code: 'CHECK_FAILED',
      message: 'the check "ready" failed: answered 500 (6 tries in 5s)',
      details: ['body'],
    })
    expect(progress.at(-1)).toMatchObject({ unit: 'tries', done: 6, label: 'answered 500' })
  })

  test('a probe that does not answer is an answer', async () => {
    const clock = fakeClock()
    const hangs = { probe: () => new Promise<ProbeAnswer>(() => undefined) }
    const deps = { clock, onProgress: () => undefined, signal: new AbortController().signal }
    await expect(awaitHealthy(spec, hangs, place, deps)).rejects.toThrow('no answer within 500ms')
  })

  test('a probe that is told its time is over may say why in its own words', async () => {
    const probe = (_place: unknown, signal: AbortSignal) =>
      new Promise<ProbeAnswer>((resolve) => {
        signal.addEventListener('abort', () => resolve({ healthy: false, seen: 'connected, but silent' }))
      })
    const deps = { clock: fakeClock(), onProgress: () => undefined, signal: new AbortController().signal }
    await expect(awaitHealthy(spec, { probe }, place, deps)).rejects.toThrow('connected, but silent')
  })

  test('ends at once when it is cancelled', async () => {
    const controller = new AbortController()
    const probe = async (): Promise<ProbeAnswer> => {
      controller.abort(new Error('enough'))
      return { healthy: false, seen: 'x' }
    }
    const deps = { clock: fakeClock(), onProgress: () => undefined, signal: controller.signal }
    await expect(awaitHealthy(spec, { probe }, place, deps)).rejects.toThrow('enough')
  })
})
