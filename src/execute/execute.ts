/**
 * Runs a plan's graph and, when a step fails, undoes what its failure reaches. It never throws for a step's failure: a
 * failed deployment is an outcome. What it throws means that it must not go on at all (the lock is lost).
 *
 * A plan taken up again from its journal runs by the same code: steps that are applied are passed over, steps that were
 * under way are done again (they are idempotent), and services that were being undone are undone to the end.
 */
import { DeployError, reportOf } from '../base/deploy-error.js'
import type { Outcome } from '../model/outcome.js'
import type { Plan, Step } from '../model/plan.js'
import type { ExecuteDeps } from './execute-deps.js'
import { createRun } from './run.js'
import { runSchedule } from './schedule.js'

export async function execute(plan: Plan, deps: ExecuteDeps): Promise<Outcome> {
  const run = createRun(plan, deps)
  const isPrune = (step: Step): boolean => step.apply.verb === 'prune'

  const releaseLost = onAbort(deps.lost, (reason) => run.stop(reason))
  for (const undo of deps.undos) run.undo(undo)
  const releaseInterrupt = onAbort(deps.interrupt, (reason) => run.fail(null, reportOf(reason)))
  await runSchedule(
    plan.steps.filter((step) => !isPrune(step)),
    plan.parallelism,
    (step) => run.apply(step),
  )
  await run.settled()
  releaseInterrupt()

  if (run.intact()) {
    // Nothing can fail the deployment any more: an interrupt ends the pruning and nothing else.
    const releasePrune = onAbort(deps.interrupt, (reason) => run.cancelAll(reason))
    await runSchedule(plan.steps.filter(isPrune), plan.parallelism, (step) => run.apply(step))
    releasePrune()
  }
  releaseLost()
  if (deps.lost.aborted) throw lockLost()
  return run.outcome()
}

/** Calls `act` when the signal aborts, or at once when it already has; the answer stops listening. */
function onAbort(signal: AbortSignal, act: (reason: unknown) => void): () => void {
  const listener = (): void => act(signal.reason)
  if (signal.aborted) listener()
  else signal.addEventListener('abort', listener, { once: true })
  return () => signal.removeEventListener('abort', listener)
}

function lockLost(): DeployError {
  return new DeployError(
    'LOCK_LOST',
    'the lock was taken away while the deployment ran; it stopped where it was',
    {
      hint: 'find out who ran `deployctl unlock`, then run `deployctl recover`',
    },
  )
}
