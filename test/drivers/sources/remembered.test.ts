import { expect, test } from 'vitest'
import { remember } from '../../../src/drivers/sources/remembered.js'
import type { Clock } from '../../../src/model/clock.js'
import { failureOf } from '../../contract/source.contract.js'
import { calm } from './source-bench.js'

function still(): { readonly clock: Clock; readonly pass: (ms: number) => void } {
  let nowMs = 0
  const clock: Clock = {
    now: () => new Date(nowMs),
    monotonicMs: () => nowMs,
    sleep: () => Promise.resolve(),
  }
  return { clock, pass: (ms) => void (nowMs += ms) }
}

/** A place that answers when it is told to. */
function place() {
  const calls: {
    readonly previous: string | null
    readonly signal: AbortSignal
    readonly answer: (value: string) => void
    readonly fail: () => void
  }[] = []
  const load = (previous: string | null, signal: AbortSignal) =>
    new Promise<string>((resolve, reject) => {
      calls.push({ previous, signal, answer: resolve, fail: () => reject(new Error('broken')) })
    })
  return { calls, load }
}

test('those who ask at the same time share one question, and the next one knows the last answer', async () => {
  const { calls, load } = place()
  const remembered = remember(load, still().clock)
  const asking = [remembered.latest(calm), remembered.latest(calm), remembered.recent(calm)]
  expect(calls.length).toBe(1)
  calls[0]!.answer('one')
  expect(await Promise.all(asking)).toEqual(['one', 'one', 'one'])
  void remembered.latest(calm)
  expect(calls[1]!.previous).toBe('one')
})

test('a recent answer will do for a moment', async () => {
  const { calls, load } = place()
  const { clock, pass } = still()
  const remembered = remember(load, clock)
  const first = remembered.recent(calm)
  calls[0]!.answer('one')
  await first
  pass(4_999)
  expect(await remembered.recent(calm)).toBe('one')
  pass(1)
  void remembered.recent(calm)
  expect(calls.length).toBe(2)
})

test('one who gives up leaves the others alone; the last one ends the question', async () => {
  const { calls, load } = place()
  const remembered = remember(load, still().clock)
  const [one, two] = [new AbortController(), new AbortController()]
  const asking = [remembered.latest(one.signal), remembered.latest(two.signal)] as const
  one.abort()
  expect((await failureOf(asking[0])).code).toBe('CANCELLED')
  expect(calls[0]!.signal.aborted).toBe(false)
  two.abort()
  expect((await failureOf(asking[1])).code).toBe('CANCELLED')
  expect(calls[0]!.signal.aborted).toBe(true)
  const again = remembered.latest(calm)
  calls[1]!.answer('two')
  expect(await again).toBe('two')
  // the question that was given up fails late, which is nobody's business any more
  calls[0]!.fail()
  await Promise.resolve()
  expect(await remembered.recent(calm)).toBe('two')
})

test('a failure is for those who waited, and is not remembered', async () => {
  const { calls, load } = place()
  const remembered = remember(load, still().clock)
  const asking = [remembered.latest(calm), remembered.recent(calm)]
  calls[0]!.fail()
  for (const one of await Promise.allSettled(asking)) expect(one.status).toBe('rejected')
  const again = remembered.recent(calm)
  calls[1]!.answer('one')
  expect(await again).toBe('one')
})
