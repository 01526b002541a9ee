/** One execution of a plan: applies single steps, and decides what a failure means for the others. */
import { DeployError, reportOf, type ErrorReport } from '../base/deploy-error.js'
import type { Lane } from '../model/journal.js'
import type { Failure, HostFailure, Outcome } from '../model/outcome.js'
import type { Plan, Step } from '../model/plan.js'
import type { ExecuteDeps, Undo } from './execute-deps.js'
import { perform, type PerformDeps } from './perform.js'
import { createReach, laneKey, type Owner, type Reach } from './reach.js'
import { createProgressDeadline } from './progress-deadline.js'
import { createRunLog, type RunLog } from './run-log.js'
import { isToBeUndone, unwind, type UnwindResult } from './unwind.js'

export interface Run {
  /** Applies a step unless it is done or given up; true when its followers may start. */
  apply(step: Step): Promise<boolean>
  /** A step failed, or (null) the whole deployment is being ended from outside. */
  fail(step: Step | null, error: ErrorReport): void
  /** Undoes services whose end was decided before this execution. */
  undo(undo: Undo): void
  /** Stops where it is: nothing more is applied, nothing is undone. */
  stop(reason: unknown): void
  cancelAll(reason: unknown): void
  /** Waits until everything that is being undone is undone. */
  settled(): Promise<void>
  intact(): boolean
  outcome(): Outcome
}

export function createRun(plan: Plan, deps: ExecuteDeps): Run {
  const log = createRunLog(deps)
  const performDeps = { ...deps, log }
  const reach = createReach(plan)
  const progress = createProgressDeadline(deps.clock)
  const active = new Map<Step, Promise<ErrorReport | null>>()
  const failures: Failure[] = []
  const alone: HostFailure[] = []
  const warnings: Failure[] = []
  const unwinding: { readonly owners: readonly Owner[]; readonly done: Promise<void> }[] = []
  const unwound: UnwindResult[] = []
  const startedMs = deps.clock.monotonicMs()
  let unwindStartedMs: number | null = null
  let stopped = false

  const giveUp = (owners: readonly Owner[], failure: Failure): readonly Owner[] => {
    if (stopped) return []
    const fresh = reach.add(owners, reasonOf(failure))
    if (fresh.length === 0) return fresh
    unwindStartedMs ??= deps.clock.monotonicMs()
    // What depends on these may be on its way back already, for a failure of its own: it goes first.
    const isBefore = (theirs: readonly Owner[]): boolean =>
      fresh.includes(null) || theirs.some((owner) => owners.includes(owner))
    const before = unwinding.filter((one) => isBefore(one.owners)).map(({ done }) => done)
    unwinding.push({ owners: fresh, done: unwindWhenQuiet(fresh, failure, before) })
    return fresh
  }

  const unwindWhenQuiet = async (
    owners: readonly Owner[],
    failure: Failure,
    before: readonly Promise<void>[],
  ): Promise<void> => {
    const covers = (step: Step): boolean => owners.includes(reach.ownerOf(step))
    const services = owners.filter((owner) => owner !== null && reach.services.includes(owner))
    const lanes = lanesAlone(owners, services)
    const named = {
      services: services.filter((owner) => owner !== null),
      ...(lanes.length === 0 ? {} : { lanes }),
    }
    const entry = { at: log.now(), ...named, failedStep: failure.step, cause: failure.error }
    await log.append({ type: 'unwind', ...entry })
    log.emit({ type: 'unwind-started', ...entry })
    await Promise.all([...active].filter(([step]) => covers(step)).map(([, work]) => work))
    await Promise.all(before)
    unwound.push(await unwind(plan, covers, performDeps, owners.every(isLane), (step) => reach.hasLane(step)))
  }

  const isLane = (owner: Owner): boolean => owner !== null && !reach.services.includes(owner)
  /** Of services that are not given up themselves. */
  const lanesAlone = (owners: readonly Owner[], services: readonly Owner[]): readonly Lane[] =>
    reach.services
      .filter((service) => !services.includes(service))
      .flatMap((service) => reach.lanesOf(service).filter((lane) => owners.includes(laneKey(lane))))

  /** True when the failure stays on its host: then the others go on. */
  const failAlone = (lane: Lane, failure: Failure): boolean => {
    const { service } = lane
    const failed = new Set([...reach.lanesOf(service).map(laneKey), laneKey(lane)])
    if (failed.size > (plan.tolerance?.[service]?.maxFailures ?? 0)) return false
    alone.push({ ...failure, ...lane })
    giveUp([laneKey(lane)], failure)
    return true
  }

  const failService = (service: string | null, failure: Failure): void => {
    failures.push(failure)
    giveUp(reach.of(service), failure)
  }

  const fail = (step: Step | null, error: ErrorReport): void => {
    const service = step?.service ?? null
    const failure = { step: step?.id ?? null, service, error }
    if (step !== null && service !== null && step.lane !== undefined && !reach.hasService(service)) {
      if (failAlone({ service, host: step.lane }, failure)) return
    }
    failService(service, failure)
  }

  /** Waits until what this host of the service had begun is undone. */
  const laneSettled = async (step: Step): Promise<void> => {
    const owner = reach.ownerOf(step)
    await Promise.all(unwinding.filter(({ owners }) => owners.includes(owner)).map(({ done }) => done))
  }
  /** A host that failed holds nobody up once it is as it was. */
  const passedBy = async (step: Step): Promise<boolean> => {
    await laneSettled(step)
    return !stopped && !reach.hasService(step.service)
  }

  return {
    fail,
    async apply(step) {
      if (log.statusOf(step) === 'applied' && !reach.hasLane(step)) return true
      if (stopped || reach.hasService(step.service)) return false
      if (reach.hasLane(step)) return passedBy(step)
      const work = progress.within(step, reach.signalOf(step), (signal) =>
        applyStep(step, performDeps, signal),
      )
      active.set(step, work)
      const error = await work
      active.delete(step)
      if (error === null) return true
      const failure = { step: step.id, service: step.service, error }
      if (reach.hasService(step.service) || reach.hasLane(step)) {
        // It was being cancelled: only what it says beyond that is worth telling.
        if (error.code !== 'CANCELLED') failures.push(failure)
        return !reach.hasService(step.service) && passedBy(step)
      }
      if (step.tolerant) {
        warnings.push(failure)
        return true
      }
      fail(step, error)
      return reach.hasLane(step) && passedBy(step)
    },
    undo({ services, lanes = [], failedStep, cause }) {
      const step = plan.steps.find(({ id }) => id === failedStep)
      const failure = { step: failedStep, service: step?.service ?? null, error: cause }
      const all = services === 'all' || services.length === reach.services.length
      if (lanes.length > 0) {
        alone.push(...lanes.map((lane) => ({ ...failure, ...lane })))
        giveUp(lanes.map(laneKey), failure)
      }
      if (!all && services.length === 0) return
      failures.push(failure)
      giveUp(all ? reach.everyone() : reach.withLanes(services), failure)
    },
    stop(reason) {
      stopped = true
      reach.cancelAll(reason)
    },
    cancelAll: (reason) => reach.cancelAll(reason),
    async settled() {
      // An interrupt may come while one service is undone, and take the others along.
      for (let index = 0; index < unwinding.length; index++) await unwinding[index]?.done
    },
    intact: () => !reach.isBroken && !stopped,
    outcome() {
      const endedMs = deps.clock.monotonicMs()
      return {
        ...verdict(plan, reach, unwound, log),
        lagging: alone.filter(({ service }) => !reach.hasService(service)),
        failures: [...failures, ...alone.filter(({ service }) => reach.hasService(service))],
        warnings,
        unjournalled: log.journalError,
        durationMs: endedMs - startedMs,
        unwindMs: unwindStartedMs === null ? 0 : endedMs - unwindStartedMs,
      }
    },
  }
}

/** The error that ended the step, or null. A failure is journalled where the journal still takes it. */
async function applyStep(step: Step, deps: PerformDeps, signal: AbortSignal): Promise<ErrorReport | null> {
  const { log, clock } = deps
  const beganMs = clock.monotonicMs()
  try {
    await log.record(step, 'apply-started')
    await perform(step.apply, step, deps, signal)
    await log.record(step, 'apply-succeeded', { durationMs: clock.monotonicMs() - beganMs })
    return null
  } catch (thrown) {
    const error = reportOf(thrown)
    if (log.statusOf(step) === 'applying') {
      await log.record(step, 'apply-failed', { durationMs: clock.monotonicMs() - beganMs, error })
    }
    return error
  }
}

function verdict(
  plan: Plan,
  reach: Reach,
  unwound: readonly UnwindResult[],
  log: RunLog,
): Pick<Outcome, 'kind' | 'services' | 'leftovers' | 'stuck' | 'unhealthy'> {
  const stuck = unwound.flatMap((result) => result.stuck)
  // Also those whose steps had to stay because another's, which stands on them, could not be undone.
  const isGivenUp = (step: Step): boolean => reach.hasService(step.service) || reach.hasLane(step)
  const stuckOwners = new Set<Owner>(
    plan.steps
      .filter((step) => stuck.length > 0 && isGivenUp(step) && isToBeUndone(step, log))
      .map((step) => step.service),
  )
  const kindOf = (service: string): Outcome['kind'] => {
    if (stuckOwners.has(service)) return 'stuck'
    if (!reach.hasService(service)) return 'applied'
    return stuckOwners.has(null) ? 'stuck' : 'unwound'
  }
  return {
    kind: stuck.length > 0 ? 'stuck' : reach.isBroken ? 'unwound' : 'applied',
    services: Object.fromEntries(reach.services.map((service) => [service, kindOf(service)])),
    leftovers: unwound.flatMap((result) => result.leftovers),
    stuck,
    unhealthy: unwound.flatMap((result) => result.unhealthy),
  }
}

/** What the cancelled steps are told: the interrupt itself, or whose failure takes them along. */
function reasonOf(failure: Failure): DeployError {
  if (failure.step === null) return new DeployError('CANCELLED', failure.error.message)
  return new DeployError('CANCELLED', `cancelled, because ${failure.step} failed`)
}
