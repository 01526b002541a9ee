/** What an agent costs that has nothing to do: its share of a core at the usual interval, and what ten thousand polls leave. */
import { setTimeout as sleep } from 'node:timers/promises'
import { idleAgent } from '../test/support/idle-agent.js'
import type { Row } from './measure.js'

const watchedMs = 60_000
const polls = 10_000
const goalShare = 0.005
const goalBytes = 3 * 2 ** 20

export async function benchAgent(): Promise<readonly Row[]> {
  return [await shareOfCore(), await leftByPolls()]
}

async function shareOfCore(): Promise<Row> {
  const agent = await idleAgent('10s')
  await sleep(5000)
  const before = { ...agent.asked, ...(await agent.held()) }
  await sleep(watchedMs)
  const after = { ...agent.asked, ...(await agent.held()) }
  await agent.end()
  const share = (after.cpuBeforeMs - before.cpuAfterMs) / watchedMs
  const questions = after.total - before.total
  return {
    what: `idle agent, a source each 10s, for ${watchedMs / 1000}s`,
    ours: `${(share * 100).toFixed(2)} % of a core, ${questions} requests`,
    baseline: `${after.notModified - before.notModified} of them conditional`,
    goal: '< 0.5 %',
    verdict: share < goalShare ? 'met' : 'missed',
  }
}

async function leftByPolls(): Promise<Row> {
  const agent = await idleAgent()
  await agent.poll(1000)
  const before = await agent.held()
  await agent.poll(polls)
  const after = await agent.held()
  await agent.end()
  const grown = after.heapUsed + after.external - before.heapUsed - before.external
  const cpuMs = (after.cpuBeforeMs - before.cpuAfterMs) / polls
  const isFlat = grown < goalBytes && after.files === before.files && after.handles === before.handles
  return {
    what: `${polls} polls: bytes, files and handles more than before`,
    ours: `${Math.round(grown / 1024)} KiB, ${after.files - before.files}, ${after.handles - before.handles}`,
    baseline: `${cpuMs.toFixed(1)} ms of a core each`,
    goal: '< 3 MiB, 0, 0',
    verdict: isFlat ? 'met' : 'missed',
  }
}
