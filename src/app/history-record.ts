/** Makes the record of a deployment from its plan, its outcome and its journal. Pure. */
import type { ApprovalEntry } from '../model/journal.js'
import type { HistoryRecord } from '../model/history.js'
import type { Outcome } from '../model/outcome.js'
import type { Plan } from '../model/plan.js'

export interface DeploymentIdentity {
  readonly deployment: string
  readonly by: string
  readonly host: string
  readonly startedAt: string
}

export function historyRecord(
  plan: Plan,
  outcome: Outcome,
  {
    identity,
    approvals,
  }: { readonly identity: DeploymentIdentity; readonly approvals: readonly ApprovalEntry[] },
  end: { readonly at: string; readonly serial: number },
): HistoryRecord {
  return {
    type: 'deployctl-deployment',
    format: 1,
    ...identity,
    project: plan.project,
    environment: plan.environment,
    command: plan.command,
    endedAt: end.at,
    planId: plan.id,
    serial: end.serial,
    outcome: outcome.kind,
    services: serviceRows(plan, outcome),
    ...(outcome.lagging.length === 0 ? {} : { lagging: outcome.lagging }),
    failures: outcome.failures,
    warnings: outcome.warnings,
    leftovers: outcome.leftovers,
    stuck: outcome.stuck,
    unhealthy: outcome.unhealthy,
    durationMs: Math.round(outcome.durationMs),
    unwindMs: Math.round(outcome.unwindMs),
    ...(approvals.length === 0 ? {} : { approvals: latest(approvals) }),
  }
}

/** The services of a plan that change, with their versions and what became of each. */
export function serviceRows(plan: Plan, outcome: Pick<Outcome, 'services'>): HistoryRecord['services'] {
  return plan.changes
    .filter((change) => change.kind !== 'none')
    .map((change) => ({
      service: change.service,
      kind: change.kind,
      before: change.before?.release.version ?? null,
      after: change.after?.release.version ?? null,
      outcome: outcome.services[change.service] ?? 'applied',
    }))
}

/** Of a step that was done again after a crash, what was said last. */
function latest(approvals: readonly ApprovalEntry[]): NonNullable<HistoryRecord['approvals']> {
  const said = approvals.map(({ step, at, by, reason }) => [step, { step, at, by, reason }] as const)
  return [...new Map(said).values()]
}
