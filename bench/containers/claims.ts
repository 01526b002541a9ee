/** What is claimed of deployctl alone: how exact a canary's split is, and how soon a rollback has moved the traffic. */
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { serving } from './contender.js'
import type { Ground } from './ground.js'
import { shareOf } from './load-result.js'
import { startLoad } from './load.js'
import { deployctlProject } from './peers/deployctl.js'

const wantedShare = 5
const requests = 20_000
const common = 'drain: 10s, monitor: 1s'

export interface Claims {
  /** Percent of so many answers that the canary gave. */
  readonly share: number
  readonly answers: number
  /** From the command's start until the old release answered. */
  readonly movedInMs: number
  /** Until the command had ended. */
  readonly doneInMs: number
}

export async function measureClaims(ground: Ground): Promise<Claims> {
  const project = await deployctlProject(ground)
  try {
    await project.deploy('v1', `{ type: blue-green, ${common} }`)
    const canary = `{ type: canary, steps: [{ weight: ${wantedShare} }, { pause: 90s }], keepWarm: 1h, ${common} }`
    const deployed = project.deploy('v2', canary)
    await untilSeen(project.address, 'v2')
    const split = await startLoad({
      address: project.address,
      rate: 400,
      slowShare: 0,
      mostRequests: requests,
    }).finished
    await deployed
    await serving(project.address, 'v2')
    await project.stopRegistry()
    const begun = performance.now()
    const back = project.run('rollback', '--auto-approve', '--quiet')
    await untilSeen(project.address, 'v1', 5)
    const movedInMs = performance.now() - begun
    await back
    const doneInMs = performance.now() - begun
    return { share: shareOf(split, 'v2'), answers: split.endings.answered, movedInMs, doneInMs }
  } finally {
    await project.stop()
  }
}

export function claimsText({ share, answers, movedInMs, doneInMs }: Claims): string {
  const ms = (value: number): string => `${Math.round(value)} ms`
  return [
    `a canary of ${wantedShare} % got ${share.toFixed(2)} % of ${answers} answers`,
    `a rollback within keepWarm, the registry stopped, had moved the traffic ${ms(movedInMs)} after the command began (${ms(doneInMs)} until it ended)`,
  ].join('\n')
}

/** Until one answer is of this version. */
async function untilSeen(address: string, version: string, everyMs = 20): Promise<void> {
  for (const end = performance.now() + 120_000; performance.now() < end; await sleep(everyMs)) {
    const answer = await fetch(`http://${address}/`, { headers: { connection: 'close' } })
    await answer.arrayBuffer()
    if (answer.headers.get('x-app-version') === version) return
  }
  throw new Error(`${version} was never seen at ${address}`)
}
