/**
 * Runs a plan under the lock: claims the places, journals, executes, records, tells. The order at the end is the one that
 * survives a crash anywhere: state, history, the journal's last line; whatever is missing, `recover` adds.
 */
import { DeployError, reportOf, type ErrorReport } from '../base/deploy-error.js'
import { unshakable } from '../model/event.js'
import type { ApprovalEntry, StepStatus } from '../model/journal.js'
import type { Outcome } from '../model/outcome.js'
import type { Plan } from '../model/plan.js'
import type { HeldLock, JournalWriter } from '../model/state-store.js'
import type { Claim } from '../model/target.js'
import { execute } from '../execute/execute.js'
import type { Undo } from '../execute/execute-deps.js'
import { createPerformers } from '../execute/performers.js'
import { nextState } from '../plan/next-state.js'
import { carriedOn } from './carried-on.js'
import { tidyCache } from './cache-upkeep.js'
import { hearAbort, tidyMarks } from './hear-abort.js'
import { historyRecord, type DeploymentIdentity } from './history-record.js'
import { notificationsOf } from './notifications.js'
import type { DeployResult, Execution } from './requests.js'
import { runFailureHooks } from './run-failure-hooks.js'
import type { World } from './world.js'
import { hasMoved, sayMoved, writerOf } from './moved-state.js'
import { readState } from './read-state.js'

export interface PlanRun {
  readonly plan: Plan
  readonly identity: DeploymentIdentity
  readonly lock: HeldLock
  readonly claim: Claim
  readonly journal: JournalWriter
  readonly statuses: Map<string, StepStatus>
  readonly undos: readonly Undo[]
  /** What people had approved before the deployment was taken up again. */
  readonly approvals: ApprovalEntry[]
}

export async function runPlan(
  world: World,
  run: PlanRun,
  execution: Execution,
  signal: AbortSignal,
): Promise<DeployResult> {
  const { plan, identity } = run
  const { deployment } = identity
  const telling = notificationsOf(world, plan, identity, execution.tell ?? null)
  const emit = unshakable((event) => {
    telling.hear(event)
    execution.emit(event)
  })
  telling.started()
  emit({ type: 'deployment-started', at: identity.startedAt, deployment, plan })
  // What is undone as a whole cannot be aborted any further.
  const isUndone = run.undos.some(({ services }) => services === 'all')
  const ear = isUndone ? null : hearAbort(world, deployment)
  const executed = await execute(plan, {
    performers: createPerformers(plan, world),
    journal: {
      async append(entry) {
        await run.journal.append(world.secrets.maskAll(entry))
        if (entry.type === 'approval') run.approvals.push(entry)
      },
    },
    statuses: run.statuses,
    clock: world.clock,
    emit,
    deployment,
    interrupt: ear === null ? signal : AbortSignal.any([signal, ear.signal]),
    lost: run.lock.lost,
    undos: run.undos,
    allowsLeftovers: execution.allow.includes('leftovers'),
  })
  await ear?.end()
  const warnings =
    executed.kind === 'applied' ? [] : await runFailureHooks(world, plan, executed, deployment, emit)
  const outcome = { ...executed, warnings: [...executed.warnings, ...warnings] }
  // Before the journal is closed: after that nobody would come back to clear a claim away.
  await run.claim.release()
  const unrecorded = await record(world, run, outcome)
  emit({ type: 'deployment-finished', at: world.clock.now().toISOString(), deployment, outcome })
  telling.ended(outcome)
  for (const missed of await telling.settle()) execution.notice(missed)
  // With nothing on record, the lock stays as well: the next deployctl takes it over and finds the journal.
  await tidyMarks(world).catch(() => undefined) // the next deployment tidies them as well
  if (unrecorded === null) await unlock(run.lock, execution)
  if (unrecorded === null && outcome.kind === 'applied') await tidyCache(world, execution.notice, signal)
  return { kind: 'done', plan, deployment, outcome, unrecorded }
}

/** A lock that cannot be removed is dead once this process is; it changes nothing of what was done. */
async function unlock(lock: HeldLock, { notice }: Execution): Promise<void> {
  try {
    await lock.release()
  } catch (error) {
    notice(`the lock stays until the next deployment clears it away: ${reportOf(error).message}`)
  }
}

/** Null when everything is on disk. A stuck deployment is recorded too, but its journal stays open for `recover`. */
async function record(world: World, run: PlanRun, outcome: Outcome): Promise<ErrorReport | null> {
  const { plan } = run
  const { unjournalled } = outcome
  const at = world.clock.now().toISOString()
  const journal = unjournalled === null ? run.journal : await takeUpJournal(world, run, outcome, at)
  // While the journal does not know what was undone, a state that does would tell another story than a recovery.
  if (journal === null && unjournalled !== null && outcome.kind !== 'applied')
    return notRecorded(unjournalled, outcome)
  try {
    const serial = await writeState(world, run, outcome, at)
    await world.store.appendHistory(world.secrets.maskAll(historyRecord(plan, outcome, run, { at, serial })))
    if (outcome.kind !== 'stuck') await journal?.append({ type: 'closed', at, outcome: outcome.kind })
    await journal?.close()
    return journal === null ? unjournalled : null
  } catch (error) {
    await journal?.close().catch(() => undefined)
    return notRecorded(reportOf(error), outcome)
  }
}

/**
 * A journal that broke is begun again where it ended, now that undoing has made room, and told what was undone without it;
 * null where it still cannot be written.
 */
async function takeUpJournal(
  world: World,
  { plan, identity, journal }: PlanRun,
  outcome: Outcome,
  at: string,
): Promise<JournalWriter | null> {
  await journal.close().catch(() => undefined)
  const services = Object.keys(outcome.services).filter((service) => outcome.services[service] !== 'applied')
  const [first] = outcome.failures
  let again: JournalWriter | null = null
  try {
    again = await world.store.reopenJournal(plan.environment, identity.deployment)
    if (first !== undefined && outcome.kind !== 'applied') {
      const entry = { type: 'unwind', at, services, failedStep: first.step, cause: first.error } as const
      await again.append(world.secrets.maskAll(entry))
    }
    return again
  } catch {
    await again?.close().catch(() => undefined)
    return null
  }
}

/** Whatever kept it from the disk, it is the same trouble for a person: done, and not on record. */
function notRecorded({ code, message, hint, details = [] }: ErrorReport, outcome: Outcome): ErrorReport {
  if (code === 'STATE_WRITE_FAILED')
    return { code, message, details, ...(hint === undefined ? {} : { hint }) }
  return {
    code: 'STATE_WRITE_FAILED',
    message: `what was done could not be recorded: ${message}`,
    hint: `${hint === undefined ? 'mend that' : hint.replace(/\.$/, '')}; then \`deployctl recover ${outcome.kind === 'applied' ? '--resume' : '--unwind'}\` finishes the record`,
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
  // Where all was undone, nothing but holds is added to whatever state there is now.
  const changesServices = Object.values(outcome.services).includes('applied')
  if (changesServices && hasMoved(plan, state)) {
    throw new DeployError('STATE_WRITE_FAILED', sayMoved(plan, state), {
      details: [writerOf(state)],
      hint: 'find out who wrote it; `deployctl recover --unwind` goes back to the old release',
    })
  }
  const signature = { deployment: identity.deployment, at, by: identity.by }
  const planned = nextState(state, plan, outcome, signature, world.randomHex(32))
  const next = world.secrets.maskAll(carriedOn(state, planned))
  await world.store.writeIf(state === null ? null : serial, next)
  return next.serial
}
