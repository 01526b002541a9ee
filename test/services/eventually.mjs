// Waits for what a program that was just started cannot do yet: tried again with growing pauses until it succeeds, or
// until a deadline that a slow and busy machine can keep. What was said last is the reason when it never does.
import { setTimeout as sleep } from 'node:timers/promises'

const [firstPauseMs, longestPauseMs] = [100, 2000]

/** What `attempt` returns at last. It gets the milliseconds that are left, as the limit of what it starts. */
export async function eventually(what, attempt, { withinMs = 120_000, hopeless = () => undefined } = {}) {
  const end = Date.now() + withinMs
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 1.5, longestPauseMs)) {
    try {
      return await attempt(Math.max(1, end - Date.now()))
    } catch (error) {
      const reason = hopeless()
      if (reason !== undefined) throw new Error(`${what}: ${reason}`)
      if (Date.now() + pauseMs >= end)
        throw new Error(`${what}: not within ${withinMs / 1000} seconds; at last ${lastWords(error)}`)
    }
    await sleep(pauseMs)
  }
}

/** Of a program that failed, the last line it wrote. */
function lastWords(error) {
  return (error.stderr || error.message).trim().split('\n').at(-1)
}
