/**
 * What the agent makes of each service of a plan: deploy it, put it right, tell somebody, or leave it, and why. Pure: it
 * reads the plan that `deployctl apply` would carry out, and a person's word stands above it.
 */
import { canonicalJson, type Json } from '../../base/hash.js'
import type { AgentConfig, Decision } from '../../model/agent.js'
import type { Change, Side } from '../../model/change.js'
import type { Plan } from '../../model/plan.js'
import { showVersion } from '../../model/release.js'
import type { Freeze } from '../../model/state.js'
import { changeId } from '../change-approvals.js'
import { frozenUntil } from '../freezes.js'
import { describeWindows, isOpen } from './windows.js'

export interface Circumstances {
  readonly agent: AgentConfig
  readonly freeze: Freeze | null
  readonly now: Date
  /** Who lets it deploy which change, by what changeId says. */
  readonly approvals: ReadonlyMap<string, string>
  /** Whether this change failed a moment ago and is left alone for a while. */
  readonly isResting: (key: string) => boolean
}

export type Judgement = Omit<Decision, 'at'> & {
  /** What it is about, whatever its reason: tells a change from the next one. */
  readonly key: string
  /** False where all is as it should be. */
  readonly isChange: boolean
  /** With `tell`: as what. */
  readonly tells?: 'available' | 'drift' | 'waiting'
}

export function judge(plan: Plan, circumstances: Circumstances): readonly Judgement[] {
  return plan.changes.map((change) => {
    const { service, after } = change
    const about = {
      service,
      version: after?.release.version ?? null,
      digest: after?.release.digest ?? null,
      key: changeKey(change),
      isChange: change.kind !== 'none',
    }
    return { ...about, ...verdictOn(change, plan, circumstances) }
  })
}

/** The same for the same change, from one poll to the next. */
function changeKey({ service, after }: Change): string {
  return canonicalJson(
    [service, after?.release.digest ?? null, after?.spec.target ?? null, targetsOf(after)].filter(
      (one) => one !== undefined,
    ),
  )
}

/** What is different by host, where anything is. */
function targetsOf(side: Side | null): Json | undefined {
  if (side?.specs === undefined) return undefined
  return Object.fromEntries(Object.entries(side.specs).map(([host, { target }]) => [host, target]))
}

type Verdict = Pick<Judgement, 'verdict' | 'reason' | 'tells'>

function verdictOn(change: Change, plan: Plan, circumstances: Circumstances): Verdict {
  if (change.kind === 'none') return { verdict: 'skip', reason: stillReason(change.service, plan) }
  const risk = irreversibleRisk(change.service, plan)
  if (circumstances.isResting(changeKey(change))) {
    return { verdict: 'skip', reason: 'it failed a moment ago and is left alone for a while' }
  }
  if (isRepair(change)) return repairVerdict(change, plan, circumstances)
  if (risk !== null) {
    const hint = 'a person has to allow it: deployctl apply --allow irreversible'
    return {
      verdict: 'tell',
      tells: 'available',
      reason: `it has a step that cannot be undone (${risk}); ${hint}`,
    }
  }
  return releaseVerdict(change, plan.environment, circumstances)
}

function releaseVerdict(
  change: Change,
  environment: string,
  { agent, freeze, now, approvals }: Circumstances,
): Verdict {
  const because = change.reasons.join('; ')
  const approvedBy = approvals.get(changeId(changeKey(change)))
  const reason = approvedBy === undefined ? because : `${because}; approved by ${approvedBy}`
  if (freeze !== null) {
    return { verdict: 'skip', reason: `frozen${frozenUntil(freeze)} by ${freeze.by}: ${freeze.reason}` }
  }
  if (agent.mode === 'notify') {
    return { verdict: 'tell', tells: 'available', reason: `${reason}; deployctl apply deploys it` }
  }
  if (agent.mode === 'approve' && approvedBy === undefined) {
    const answer = `deployctl approve ${change.service} --env ${environment}`
    return { verdict: 'tell', tells: 'waiting', reason: `${reason}; it waits for a person: ${answer}` }
  }
  if (isOpen(agent.windows, now)) return { verdict: 'deploy', reason }
  return { verdict: 'skip', reason: `outside its windows: ${describeWindows(agent.windows)}` }
}

function repairVerdict({ service, reasons }: Change, plan: Plan, { agent }: Circumstances): Verdict {
  const drift = plan.drift.filter((one) => one.service === service).map(({ message }) => message)
  // the end of what was kept warm is in the plan of its deployment, whatever becomes of drift
  if (drift.length === 0) return { verdict: 'repair', reason: reasons.join('; ') }
  const verdicts = { auto: 'repair', notify: 'tell', off: 'skip' } as const
  return { verdict: verdicts[agent.repair], tells: 'drift', reason: drift.join('; ') }
}

/** The release and its settings are what is recorded: there is only drift to put right. */
function isRepair({ kind, before, after }: Change): boolean {
  if (kind !== 'update' || before === null || after === null) return false
  return (
    before.release.digest === after.release.digest &&
    canonicalJson(before.spec.target) === canonicalJson(after.spec.target) &&
    Object.entries(before.specs ?? {}).every(([host, { target }]) => {
      const next = after.specs?.[host]?.target
      return next === undefined || canonicalJson(next) === canonicalJson(target)
    })
  )
}

/** Why nothing happens: a pin, a hold, a release that is too young; or simply because all is as it should be. */
function stillReason(service: string, plan: Plan): string {
  const notices = plan.notices.filter((notice) => notice.service === service)
  return notices.length === 0 ? upToDate : notices.map(({ message }) => message).join('; ')
}

export const upToDate = 'it is as deploy.yaml asks'

function irreversibleRisk(service: string, plan: Plan): string | null {
  const risks = plan.steps
    .filter((step) => step.service === service)
    .flatMap((step) => step.risks.filter(({ kind }) => kind === 'irreversible').map(() => step.title))
  return risks[0] ?? null
}

/** `web v1.4.2`. */
export function nameOf({ service, version }: Pick<Decision, 'service' | 'version'>): string {
  return version === null ? service : `${service} ${showVersion(version)}`
}

const wordsFor = {
  deploy: 'is to be deployed',
  repair: 'is to be put right',
  tell: 'waits',
  skip: 'stays',
} as const

/** `web v1.4.2 is to be deployed: it is the newest`. */
export function sayJudgement(
  judgement: Pick<Decision, 'service' | 'version' | 'verdict' | 'reason'>,
): string {
  const { verdict, reason } = judgement
  if (reason === upToDate) return `${nameOf(judgement)} ${upToDate.slice('it '.length)}`
  return `${nameOf(judgement)} ${wordsFor[verdict]}: ${reason}`
}
