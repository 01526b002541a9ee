/** What an agent would decide now, for who asks while none runs. Every source is asked; nothing is deployed or written. */
import type { Finding } from '../../model/agent.js'
import { readState } from '../read-state.js'
import type { World } from '../world.js'
import { freezeOf } from '../freezes.js'
import { approvalsIn, readAgentMarks } from './approvals.js'
import { judge, sayJudgement } from './judge.js'
import { look } from './look.js'
import { dueRetries } from './retries.js'

export async function lookOnce(world: World, signal: AbortSignal): Promise<readonly Finding[]> {
  const { agent, services } = world.config
  const now = world.clock.now()
  const state = await readState(world)
  const tryAgain = agent.mode === 'auto' ? dueRetries(state, agent.retry, now) : []
  const approvals = approvalsIn(await readAgentMarks(world))
  const circumstances = { agent, freeze: freezeOf(state, now), now, approvals, isResting: () => false }
  const findings: Finding[] = []
  for (const source of new Set(Object.values(services).map((one) => one.source))) {
    const own = Object.values(services).filter((one) => one.source === source)
    const question = { source, services: own.map(({ name }) => name), tryAgain, state }
    const { plans, outage, problems } = await look(world, question, signal)
    const told = outage === null ? [] : question.services.map((service) => ({ service, error: outage }))
    for (const { service, error } of [...told, ...problems]) {
      findings.push({ service, verdict: 'skip', text: `${service} stays: ${error.message}` })
    }
    for (const judgement of plans.flatMap((plan) => judge(plan, circumstances))) {
      const { service, verdict } = judgement
      findings.push({ service, verdict, text: sayJudgement(judgement) })
    }
  }
  return world.secrets.maskAll(findings)
}
