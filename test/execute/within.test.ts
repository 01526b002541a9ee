import { describe, expect, test } from 'vitest'
import { DeployError } from '../../src/base/deploy-error.js'
import { within } from '../../src/execute/within.js'
import { fakeClock } from '../support/fake-clock.js'

const never = new AbortController().signal
const untilTold = (signal: AbortSignal, lastWords: Error) =>
  new Promise<void>((_resolve, reject) => signal.addEventListener('abort', () => reject(lastWords)))

describe('work within a limit', () => {
  test('that ends in time is the answer', async () => {
    await within(1000, never, fakeClock(), 'x', () => Promise.resolve())
    await expect(
      within(1000, never, fakeClock(), 'x', () => Promise.reject(new Error('no'))),
    ).rejects.toThrow('no')
  })

  test('that takes too long is told to stop, and its last words are kept as details', async () => {
    const words = new DeployError('CANCELLED', 'hook was ended after 1s', { details: ['line 1'] })
    await expect(
      within(1000, never, fakeClock(), 'web/hook', (signal) => untilTold(signal, words)),
    ).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: 'web/hook took longer than 1s',
      details: ['hook was ended after 1s', 'line 1'],
    })
  })

  test('that does not listen is given up', async () => {
    const deaf = () => new Promise<void>(() => undefined)
    await expect(within(1000, never, fakeClock(), 'x', deaf)).rejects.toMatchObject({ code: 'TIMEOUT' })
  })

  test('is cancelled from outside with the reason given there', async () => {
    const outer = new AbortController()
    const work = within(1000, outer.signal, fakeClock(), 'x', (signal) =>
      untilTold(signal, new Error('aborted')),
    )
    outer.abort(new DeployError('CANCELLED', 'interrupted by SIGINT'))
    await expect(work).rejects.toThrow('interrupted by SIGINT')
  })

  test('is told at once when it was cancelled before it began', async () => {
    const reason = new DeployError('CANCELLED', 'before')
    const seen = within(1000, AbortSignal.abort(reason), fakeClock(), 'x', async (signal) =>
      signal.throwIfAborted(),
    )
    await expect(seen).rejects.toBe(reason)
  })
})
