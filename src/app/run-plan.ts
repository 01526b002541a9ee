/**
 * Runs a plan under the lock: claims the places, journals, executes, records, tells. The order at the end is the one that
 * survives a crash anywhere: state, history, the journal's last line; whatever is missing, `recover` adds.
 */
import { DeployError, reportOf, type ErrorReport } from '../base/deploy-error.js'
import { unshakable } from '../model/event.js'
import type { StepStatus } from '../model/journal.js'
import type { Outcome } from '../model/outcome.js'
import type { Plan } from '../model/plan.js'
import type { HeldLock, JournalWriter } from '../model/state-store.js'
import type { Claim } from '../model/target.js'
import { execute } from '../execute/execute.js'
import type { Undo } from '../execute/execute-deps.js'
import { createPerformers } from '../execute/performers.js'
import { nextState } from '../plan/next-state.js'
import { tidyCache } from './cache-upkeep.js'
import { historyRecord, type DeploymentIdentity } from './history-record.js'
import { notificationsOf } from './notifications.js'
import type { DeployResult, Execution } from './requests.js'
import { runFailureHooks } from './run-failure-hooks.js'
import type { World } from './world.js'
import { readState } from './read-state.js'

export interface PlanRun {
  readonly plan: Plan
  readonly identity: DeploymentIdentity
  readonly lock: HeldLock
  readonly claim: Claim
  readonly journal: JournalWriter
  readonly statuses: Map<string, StepStatus>
  readonly undo?: Undo
}

export async function runPlan(
  world: World,
  run: PlanRun,
  execution: Execution,
  signal: AbortSignal,
): Promise<DeployResult> {
  const { plan, identity } = run
  const { deployment } = identity
  const emit = unshakable(execution.emit)
  const telling = notificationsOf(world, plan, identity)
  telling.started()
  emit({ type: 'deployment-started', at: identity.startedAt, deployment, plan })
  const executed = await execute(plan, {
    performers: createPerformers(plan, world),
    journal: { append: (entry) => run.journal.append(world.secrets.maskAll(entry)) },
    statuses: run.statuses,
    clock: world.clock,
    emit,
    deployment,
    interrupt: signal,
    lost: run.lock.lost,
    ...(run.undo === undefined ? {} : { undo: run.undo }),
  })
  const warnings =
    executed.kind === 'applied' ? [] : await runFailureHooks(world, plan, executed, deployment, emit)
  const outcome = { ...executed, warnings: [...executed.warnings, ...warnings] }
  const unrecorded = await record(world, run, outcome)
  emit({ type: 'deployment-finished', at: world.clock.now().toISOString(), deployment, outcome })
  telling.ended(outcome)
  for (const missed of await telling.settle()) execution.notice(missed)
  await run.claim.release()
  // With nothing on record, the lock stays as well: the next deployctl takes it over and finds the journal.
  if (unrecorded === null) await run.lock.release()
  if (unrecorded === null && outcome.kind === 'applied') await tidyCache(world, execution.notice, signal)
  return { kind: 'done', plan, deployment, outcome, unrecorded }
}

/** Null when everything is on disk. A stuck deployment is recorded too, but its journal stays open for `recover`. */
async function record(world: World, run: PlanRun, outcome: Outcome): Promise<ErrorReport | null> {
  const { plan, identity, journal } = run
  const at = world.clock.now().toISOString()
  try {
    const serial = await writeState(world, run, outcome, at)
    await world.store.appendHistory(
      world.secrets.maskAll(historyRecord(plan, outcome, identity, { at, serial })),
    )
    const settled = outcome.kind !== 'stuck' && outcome.unjournalled === null
    if (settled) await journal.append({ type: 'closed', at, outcome: outcome.kind })
    await journal.close()
    return outcome.unjournalled
  } catch (error) {
    await journal.close().catch(() => undefined)
    return notRecorded(error, outcome)
  }
}

/** Whatever kept it from the disk, it is the same trouble for a person: done, and not on record. */
function notRecorded(error: unknown, outcome: Outcome): ErrorReport {
  const { code, message, hint, details = [] } = reportOf(error)
  if (code === 'STATE_WRITE_FAILED') return reportOf(error)
  return {
    code: 'STATE_WRITE_FAILED',
    message: `what was done could not be recorded: ${message}`,
    hint: `${hint === undefined ? 'mend that' : hint}; then \`deployctl recover ${outcome.kind === 'applied' ? '--resume' : '--unwind'}\` finishes the record`,
    details,
  }
}

/** The serial after the deployment. A state that this deployment wrote before a crash is not written again. */
async function writeState(
  world: World,
  { plan, identity }: PlanRun,
  outcome: Outcome,
  at: string,
): Promise<number> {
  const state = await readState(world)
  const serial = state?.serial ?? 0
  if (outcome.kind === 'stuck' || state?.written.cause === identity.deployment) return serial
  if (serial !== plan.basis.serial) {
    throw new DeployError(
      'STATE_WRITE_FAILED',
      `the state of ${plan.environment} has moved from serial ${plan.basis.serial} to ${serial} during the deployment`,
      {
        details: state === null ? [] : [`written ${state.written.at} by ${state.written.by}`],
        hint: 'find out who wrote it, then run `deployctl recover`',
      },
    )
  }
  const signature = { deployment: identity.deployment, at, by: identity.by }
  const next = world.secrets.maskAll(nextState(state, plan, outcome, signature, world.randomHex(32)))
  await world.store.writeIf(state === null ? null : serial, next)
  return next.serial
}
