/** One turn of the agent's loop: settle what was interrupted, ask the sources whose time has come, decide, deploy. */
import { DeployError, reportOf } from '../../base/deploy-error.js'
import type { RecordedState } from '../../model/state.js'
import { freezeOf } from '../freezes.js'
import { planApply } from '../plan-release.js'
import { readState } from '../read-state.js'
import { approvalsIn, keepWaiting, readAgentMarks } from './approvals.js'
import { executionOf, tellOf, type AgentContext } from './agent-context.js'
import { deployChosen } from './deploy-chosen.js'
import { judge, nameOf, sayJudgement, upToDate, type Judgement } from './judge.js'
import { askSources, type Watch } from './ask-sources.js'
import type { Look } from './look.js'
import { findInterrupted, needsPerson, settleInterrupted } from './recover-interrupted.js'
import { dueRetries } from './retries.js'
import { endTurn, noteSound, takeTurn, turnToResume } from './waves/take-turns.js'

export async function agentRound(context: AgentContext, watch: Watch): Promise<void> {
  if (!(await settle(context, watch))) return
  const { world } = context
  const { agent } = world.config
  const due = watch.rhythm.due(world.clock.monotonicMs())
  const state = await readState(world)
  const tryAgain = agent.mode === 'auto' ? dueRetries(state, agent.retry, world.clock.now()) : []
  const looks = await askSources(context, watch, due, { state, tryAgain })
  noteSound(context, looks)
  const marks = await readAgentMarks(world)
  const judged = judgeAll(context, state, looks, approvalsIn(marks))
  const { judgements, slot } = await takeTurn(context, await keepWaiting(context, looks, judged, marks))
  try {
    const repairs = await sayAll(context, state, looks, judgements)
    if (due.length > 0) countDrift(context, looks)
    const chosen = [...judgements, ...repairs.judgements].filter(
      ({ verdict }) => verdict === 'deploy' || verdict === 'repair',
    )
    if (chosen.length === 0) return
    watch.deployments++
    const stay = [...looks.flatMap((seen) => seen.stay), ...repairs.stay]
    await deployChosen(context, { judgements: chosen, tryAgain, stay, slot })
  } finally {
    await endTurn(context, slot)
  }
}

/** Says what is news of them, and of the repairs that may be done before what has to wait. */
async function sayAll(
  context: AgentContext,
  state: RecordedState | null,
  looks: readonly Look[],
  judgements: readonly Judgement[],
): Promise<{ readonly stay: readonly string[]; readonly judgements: readonly Judgement[] }> {
  for (const judgement of judgements) decide(context, judgement)
  const repairs = await repairsBehind(context, state, looks, judgements)
  for (const { service } of judgements) {
    if (!repairs.stay.includes(service)) context.said.forget(`repair ${service}`)
  }
  for (const repair of repairs.judgements) decide(context, repair, undefined, 'repair')
  for (const { service, error } of looks.flatMap(({ problems }) => problems)) {
    const problem = {
      service,
      verdict: 'skip',
      version: null,
      digest: null,
      key: '',
      isChange: false,
    } as const
    decide(context, { ...problem, reason: error.message }, error)
  }
  return repairs
}

/** Whether the environment is free for something new. */
async function settle(context: AgentContext, { rhythm }: Watch): Promise<boolean> {
  const { world, book, said, metrics, running, setbacks, signal } = context
  const interrupted = await findInterrupted(world)
  if (interrupted === null) {
    said.forget('interrupted')
    return true
  }
  const { deployment, taken } = interrupted
  const nowMs = world.clock.monotonicMs()
  for (const source of rhythm.due(nowMs)) rhythm.answered(source, nowMs)
  if (needsPerson(interrupted)) {
    const text = `deployment ${deployment} was taken up ${taken} times and did not end: a person has to look`
    if (said.isNews('interrupted', text)) {
      book.log('error', text, { deployment })
      tellOf(context, 'stuck', text)
    }
    return false
  }
  const key = `recover ${deployment}`
  if (setbacks.isResting(key, nowMs)) return false
  book.log('warn', 'taking up a deployment that was interrupted', { deployment })
  const slot = await turnToResume(context, interrupted.file)
  try {
    const execution = executionOf(context, { muted: new Set(), confirm: () => Promise.resolve(true), slot })
    const wanted = context.waves !== null && slot === null ? 'unwind' : world.config.agent.recover
    const ends = slot === null ? signal : AbortSignal.any([signal, slot.lost])
    const result = await settleInterrupted(world, interrupted, { wanted, execution }, ends)
    const outcome = result.kind === 'done' ? result.outcome.kind : result.kind
    metrics.count('deployctl_recoveries_total', { direction: result.direction, outcome })
    book.log(outcome === 'stuck' ? 'error' : 'info', `recovered by ${result.direction}: ${outcome}`, {
      deployment,
    })
    if (outcome === 'stuck') setbacks.failed(key, nowMs)
    else setbacks.succeeded(key)
    return outcome !== 'stuck'
  } catch (error) {
    if (!(error instanceof DeployError)) throw error
    setbacks.failed(key, nowMs)
    if (said.isNews('interrupted', error.message))
      book.log('error', `deployment ${deployment} could not be taken up: ${error.message}`, {
        deployment,
        error: reportOf(error),
      })
    return false
  } finally {
    running.end()
    await endTurn(context, slot)
  }
}

function judgeAll(
  { world, setbacks }: AgentContext,
  state: RecordedState | null,
  looks: readonly Look[],
  approvals: ReadonlyMap<string, string> = new Map(),
): readonly Judgement[] {
  const now = world.clock.now()
  const nowMs = world.clock.monotonicMs()
  const circumstances = {
    agent: world.config.agent,
    freeze: freezeOf(state, now),
    now,
    approvals,
    isResting: (key: string) => setbacks.isResting(key, nowMs),
  }
  return looks.flatMap(({ plans }) => plans.flatMap((plan) => judge(plan, circumstances)))
}

/**
 * A release that may not be deployed now stands before drift that may be put right: there, what is recorded is looked at
 * alone.
 */
async function repairsBehind(
  context: AgentContext,
  state: RecordedState | null,
  looks: readonly Look[],
  judgements: readonly Judgement[],
): Promise<{ readonly stay: readonly string[]; readonly judgements: readonly Judgement[] }> {
  const { world, signal } = context
  const drifted = new Set(
    looks.flatMap(({ plans }) => plans.flatMap(({ drift }) => drift.map((one) => one.service))),
  )
  const stay = judgements
    .filter(({ service, verdict, tells }) => drifted.has(service) && tells !== 'drift' && isWaiting(verdict))
    .map(({ service }) => service)
    .filter((service) => world.config.services[service] !== undefined)
  if (stay.length === 0 || world.config.agent.repair === 'off') return { stay: [], judgements: [] }
  const plan = await planApply(world, { services: stay, tryAgain: [], stay }, signal)
  const again = { source: '', plans: [plan], stay, outage: null, problems: [] }
  return { stay, judgements: judgeAll(context, state, [again]) }
}

function isWaiting(verdict: Judgement['verdict']): boolean {
  return verdict === 'skip' || verdict === 'tell'
}

/** Recorded and said when it is another decision than the last one about this service. */
function decide(
  context: AgentContext,
  judgement: Judgement,
  error?: DeployError,
  subject: 'decision' | 'repair' = 'decision',
): void {
  const { world, book, said, decisions } = context
  const { key, service, verdict, reason, version, digest } = judgement
  if (!said.isNews(`${subject} ${service}`, `${verdict} ${key} ${reason}`)) return
  if (subject === 'decision')
    decisions.set(service, { at: world.clock.now().toISOString(), service, verdict, version, digest, reason })
  const level = error === undefined ? (verdict === 'tell' ? 'warn' : 'info') : 'error'
  if (reason === upToDate && level === 'info') book.log(level, sayJudgement(judgement), { service })
  else {
    const more = error === undefined ? {} : { error: reportOf(error) }
    book.log(level, sayJudgement(judgement), {
      service,
      release: version,
      verdict,
      ...more,
    })
  }
  if (verdict === 'tell' && judgement.tells !== undefined)
    tellOf(context, judgement.tells, `${nameOf(judgement)}: ${reason}`)
}

function countDrift({ metrics }: AgentContext, looks: readonly Look[]): void {
  for (const plan of looks.flatMap(({ plans }) => plans)) {
    for (const { service } of plan.changes) {
      const count = plan.drift.filter((one) => one.service === service).length
      metrics.set('deployctl_drift', { service }, count)
    }
  }
}
