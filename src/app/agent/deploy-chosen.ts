/** Carries out what was decided, by exactly the path of `deployctl apply`, and draws the lesson from how it ended. */
import { DeployError, reportOf, type ErrorCode } from '../../base/deploy-error.js'
import type { NotificationEvent } from '../../model/config.js'
import type { Plan } from '../../model/plan.js'
import { deploy } from '../deploy.js'
import { freezeOf } from '../freezes.js'
import { readState } from '../read-state.js'
import type { DeployResult } from '../requests.js'
import { triesOf } from '../carried-on.js'
import { approvalsIn, readAgentMarks } from './approvals.js'
import { executionOf, tellOf, type AgentContext } from './agent-context.js'
import { judge, nameOf, type Judgement } from './judge.js'
import { failedHold } from './retries.js'
import type { HeldSlot } from './waves/held-slot.js'

/** Nobody's fault: somebody else was quicker, or it was told to stop. The next poll looks again. */
const passing: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'CANCELLED',
  'INTERRUPTED_DEPLOYMENT',
  'LOCKED',
  'LOCK_LOST',
  'PLAN_STALE',
])
/** A release that fails a second time is no news. */
const mutedOnRetry: ReadonlySet<NotificationEvent> = new Set(['started', 'downloaded', 'switched', 'failed'])
const nothingMuted: ReadonlySet<NotificationEvent> = new Set()

export interface Chosen {
  readonly judgements: readonly Judgement[]
  readonly tryAgain: readonly string[]
  readonly stay: readonly string[]
  /** Null where no other hosts are asked, and for repairs alone. */
  readonly slot: HeldSlot | null
}

export async function deployChosen(context: AgentContext, chosen: Chosen): Promise<void> {
  const { world, setbacks, said, book, running, signal } = context
  const { judgements, tryAgain, stay, slot } = chosen
  const again = (one: Judgement): boolean =>
    setbacks.hasFailed(one.key) || (one.digest !== null && tryAgain.includes(one.digest))
  const muted = judgements.every(again) ? mutedOnRetry : nothingMuted
  const confirm = (plan: Plan): Promise<boolean> => isStillDue(context, judgements, plan)
  const execution = executionOf(context, { muted, confirm, slot })
  const ends = slot === null ? signal : AbortSignal.any([signal, slot.lost])
  const services = judgements.map(({ service }) => service)
  try {
    const result = await deploy(world, { services, tryAgain, stay }, execution, ends)
    said.forget('deploy')
    if (result.kind === 'done') await learn(context, judgements, result)
    else book.log('info', 'by now there is nothing to deploy', { services })
  } catch (error) {
    if (!(error instanceof DeployError)) throw error
    if (passing.has(error.code)) {
      if (said.isNews('deploy', error.message)) book.log('info', `not now: ${error.message}`, { services })
    } else {
      refused(context, judgements, error)
    }
  } finally {
    running.end()
  }
}

/** Under the lock, with the world as it is then: a person may have said something in between. */
async function isStillDue(
  { world, setbacks }: AgentContext,
  decided: readonly Judgement[],
  plan: Plan,
): Promise<boolean> {
  const now = world.clock.now()
  const freeze = freezeOf(await readState(world), now)
  const nowMs = world.clock.monotonicMs()
  const isResting = (key: string): boolean => setbacks.isResting(key, nowMs)
  const changed = new Set(plan.changes.filter(({ kind }) => kind !== 'none').map(({ service }) => service))
  const approvals = approvalsIn(await readAgentMarks(world))
  return judge(plan, { agent: world.config.agent, freeze, now, approvals, isResting })
    .filter(({ service }) => changed.has(service))
    .every(
      ({ verdict, key }) =>
        // what was published in between is another decision
        (verdict === 'deploy' || verdict === 'repair') && decided.some((one) => one.key === key),
    )
}

type Done = Extract<DeployResult, { readonly kind: 'done' }>

async function learn(context: AgentContext, judgements: readonly Judgement[], result: Done): Promise<void> {
  const { world, book, metrics, setbacks } = context
  const { deployment, outcome, unrecorded } = result
  const state = await readState(world)
  for (const judgement of judgements) {
    const { service, key, digest, version } = judgement
    const ended = outcome.services[service]
    metrics.count('deployctl_deployments_total', { service, outcome: ended ?? outcome.kind })
    const about = { deployment, service, release: version }
    if (ended === 'applied') {
      const behind = outcome.lagging.filter((lag) => lag.service === service)
      // Those hosts are tried again ever less often, as anything else that does not work.
      if (behind.length === 0) setbacks.succeeded(key)
      else setbacks.failed(key, world.clock.monotonicMs())
      for (const { host, error } of behind)
        book.log('warn', `${nameOf(judgement)} was not deployed on ${host}: ${error.message}`, {
          ...about,
          error,
        })
      context.sound.add(service)
      book.log(
        'info',
        `${nameOf(judgement)} is ${judgement.verdict === 'repair' ? 'put right' : 'deployed'}`,
        about,
      )
      continue
    }
    const hold = failedHold(state, service, digest)
    if (hold === null) setbacks.failed(key, world.clock.monotonicMs())
    const reason = outcome.failures[0]?.error
    book.log('error', `${nameOf(judgement)} was not deployed: ${reason?.message ?? outcome.kind}`, {
      ...about,
      error: reason,
    })
    if (hold !== null) sayHeld(context, judgement, triesOf(hold))
  }
  if (unrecorded !== null) book.log('error', unrecorded.message, { deployment, error: unrecorded })
}

function sayHeld(context: AgentContext, judgement: Judgement, tried: number): void {
  const { tries } = context.world.config.agent.retry
  const times = tried === 1 ? 'once' : `${tried} times`
  if (tried < tries) {
    context.book.log('warn', `${nameOf(judgement)} failed ${times} of ${tries}; it is tried again later`, {
      service: judgement.service,
      release: judgement.version,
    })
    return
  }
  const note = `${nameOf(judgement)} failed ${times} and is held: nothing deploys it again by itself`
  context.book.log('error', note, { service: judgement.service, release: judgement.version })
  tellOf(context, 'held', note)
}

/** It never began: nothing is on record, so it is said here. */
function refused(context: AgentContext, judgements: readonly Judgement[], error: DeployError): void {
  const { world, book, setbacks, metrics } = context
  const report = reportOf(error)
  const isNews = judgements.some(({ key }) => !setbacks.hasFailed(key))
  for (const { key, service } of judgements) {
    setbacks.failed(key, world.clock.monotonicMs())
    metrics.count('deployctl_deployments_total', { service, outcome: 'refused' })
  }
  const names = judgements.map(nameOf).join(', ')
  book.log('error', `${names} could not be deployed: ${error.message}`, { error: report })
  if (isNews) tellOf(context, 'failed', `${names} could not be deployed`, { failure: report })
}
