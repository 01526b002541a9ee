/** The whole of an apply or a rollback: lock, plan, ask, run. What a person sees is what is run: the lock is held between. */
import { DeployError } from '../base/deploy-error.js'
import type { Plan } from '../model/plan.js'
import type { HeldLock } from '../model/state-store.js'
import { claimPlaces } from './place-claims.js'
import { planApply, planRollback } from './plan-release.js'
import { planRestart } from './plan-restart.js'
import { refuseUnfinished } from './refuse-unfinished.js'
import type { DeployResult, Execution, PlanRequest, RollbackRequest } from './requests.js'
import { runPlan } from './run-plan.js'
import { openSavedPlan } from './saved-plan.js'
import { lockEnvironment, whoIs } from './under-lock.js'
import type { World } from './world.js'

export function deploy(
  world: World,
  request: PlanRequest,
  execution: Execution,
  signal: AbortSignal,
): Promise<DeployResult> {
  return deployPlan(world, 'apply', execution, signal, () =>
    planApply(world, request, signal, !execution.asks),
  )
}

export function rollBack(
  world: World,
  request: RollbackRequest,
  execution: Execution,
  signal: AbortSignal,
): Promise<DeployResult> {
  return deployPlan(world, 'rollback', execution, signal, () => planRollback(world, request, signal))
}

export function restart(
  world: World,
  service: string,
  execution: Execution,
  signal: AbortSignal,
): Promise<DeployResult> {
  return deployPlan(world, 'restart', execution, signal, () => planRestart(world, service, signal))
}

/** Exactly what is in the file, without a question: saving it was the review. */
export function deploySaved(
  world: World,
  text: string,
  execution: Execution,
  signal: AbortSignal,
): Promise<DeployResult> {
  const saved = { ...execution, confirm: () => Promise.resolve(true) }
  return deployPlan(world, 'apply', saved, signal, () => openSavedPlan(world, text, signal))
}

async function deployPlan(
  world: World,
  operation: string,
  execution: Execution,
  signal: AbortSignal,
  makePlan: () => Promise<Plan>,
): Promise<DeployResult> {
  const lock = await lockEnvironment(world, operation, execution, signal)
  let handedOver = false
  try {
    await refuseUnfinished(world, true)
    const plan = await makePlan()
    if (plan.steps.length === 0 && Object.keys(plan.outcome).length === 0) return { kind: 'nothing', plan }
    if (!(await execution.confirm(plan))) return { kind: 'declined', plan }
    refuseRisks(plan, execution.allow)
    signal.throwIfAborted()
    if (lock.lost.aborted)
      throw new DeployError('LOCK_LOST', 'the lock was taken away before anything began', {
        hint: 'try again',
      })
    handedOver = true
    return await begin(world, plan, lock, execution, signal)
  } finally {
    if (!handedOver) await lock.release()
  }
}

async function begin(
  world: World,
  plan: Plan,
  lock: HeldLock,
  execution: Execution,
  signal: AbortSignal,
): Promise<DeployResult> {
  const by = whoIs(world)
  const startedAt = world.clock.now().toISOString()
  const identity = { deployment: world.randomHex(8), by, host: world.machine.hostName, startedAt }
  let places
  let journal
  try {
    const { deployment, host } = identity
    const claimant = {
      deployment,
      by,
      brings: 'releases',
      allowsAbsence: false,
      without: () => false,
    } as const
    places = await claimPlaces(world, plan, claimant, signal)
    const header = {
      type: 'deployctl-journal',
      format: 1,
      deployment,
      at: startedAt,
      by,
      host,
      pid: world.machine.pid,
      plan,
    } as const
    journal = await world.store.createJournal(header)
  } catch (error) {
    await places?.claim.release()
    await lock.release()
    throw error
  }
  const undos = places.refused.map(({ error, ...lane }) => {
    return { services: [], lanes: [lane], failedStep: null, cause: error }
  })
  const run = {
    plan,
    identity,
    lock,
    claim: places.claim,
    journal,
    statuses: new Map(),
    undos,
    approvals: [],
  }
  return runPlan(world, run, execution, signal)
}

function refuseRisks(plan: Plan, allowed: readonly string[]): void {
  const refused = plan.steps.filter((step) => step.risks.some((risk) => risk.kind === 'irreversible'))
  if (refused.length === 0 || allowed.includes('irreversible')) return
  throw new DeployError(
    'RISK_NOT_ALLOWED',
    'the plan has steps that cannot be undone, and nobody has allowed them',
    {
      details: refused.map((step) => `${step.title}: ${step.risks.map((risk) => risk.message).join('; ')}`),
      hint: 'read the plan, then run it again with --allow irreversible',
    },
  )
}
