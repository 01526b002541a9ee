/** Undoes every started step of a set of services, newest first, and proves that what served before serves again. */
import { reportOf, type ErrorReport } from '../base/deploy-error.js'
import type { Failure, Outcome } from '../model/outcome.js'
import { isOperation, type Verb } from '../model/operation.js'
import type { Plan, Step } from '../model/plan.js'
import type { ExecuteDeps } from './execute-deps.js'
import { perform, type PerformDeps } from './perform.js'
import type { RunLog } from './run-log.js'
import { reversed, runSchedule, type Node } from './schedule.js'

export interface UnwindResult {
  readonly leftovers: Outcome['leftovers']
  readonly stuck: readonly Failure[]
  readonly unhealthy: readonly Failure[]
}

/** Verbs after which the old release may have stopped answering. */
const disturbing: ReadonlySet<Verb> = new Set(['start', 'stop', 'route'])

/** Checks end by their own deadlines; this ends what hangs all the same. */
const longestCheckMs = 3_600_000

export async function unwind(
  plan: Plan,
  covers: (step: Step) => boolean,
  deps: PerformDeps & Pick<ExecuteDeps, 'allowsLeftovers'>,
  /** Hosts that are undone alone: nothing stands on their steps, what waited for them only came later. */
  alone: boolean,
  isLeft: (step: Step) => boolean,
): Promise<UnwindResult> {
  const { log } = deps
  // Steps of others are here for what they stand on: it has to stay when they do.
  const begun = plan.steps.filter((step) =>
    covers(step) ? isBegun(step, log) : !alone && !isLeft(step) && isToBeUndone(step, log),
  )
  const leftovers: Outcome['leftovers'][number][] = []
  const stuck: Failure[] = []
  const order = reversed(
    alone ? lanesInOrder(begun) : begun.map((step) => ({ id: step.id, needs: step.needs, step })),
  )
  await runSchedule(order, plan.parallelism, async ({ node: { step } }) => {
    if (!covers(step)) return false
    if ('irreversible' in step.revert) {
      leftovers.push({ step: step.title, reason: step.revert.irreversible })
      return true
    }
    const error = await revertStep(step, deps)
    if (error === null) return true
    // A host that may fail may fail in this, too: what it has then shows when the next plan looks at it.
    if (deps.allowsLeftovers || alone) {
      leftovers.push({ step: step.title, reason: `it could not be undone: ${error.message}` })
      return true
    }
    stuck.push({ step: step.id, service: step.service, error })
    return false // what stands on a step that could not be undone must stay as well
  })
  const unhealthy = stuck.length > 0 ? [] : await checkOldReleases(plan, begun.filter(covers), deps)
  return { leftovers, stuck, unhealthy }
}

/** What a host began, one after another: in the plan its steps may follow one another only by way of other hosts. */
function lanesInOrder(begun: readonly Step[]): readonly (Node & { readonly step: Step })[] {
  const last = new Map<string, string>()
  return begun.map((step) => {
    const lane = `${step.service ?? ''}@${step.lane ?? ''}`
    const before = last.get(lane)
    last.set(lane, step.id)
    return { id: step.id, needs: before === undefined ? [] : [before], step }
  })
}

function isBegun(step: Step, log: RunLog): boolean {
  const status = log.statusOf(step)
  return status !== 'waiting' && status !== 'reverted' && step.apply.verb !== 'prune'
}

/** Whether it has left something in the world that undoing it would take away. */
export function isToBeUndone(step: Step, log: RunLog): boolean {
  return isBegun(step, log) && !('irreversible' in step.revert)
}

async function revertStep(step: Step, deps: PerformDeps): Promise<ErrorReport | null> {
  const { log, clock } = deps
  const startedMs = clock.monotonicMs()
  try {
    await log.record(step, 'revert-started')
    if (isOperation(step.revert)) await perform(step.revert, step, deps, new AbortController().signal)
  } catch (error) {
    const report = reportOf(error)
    await log.record(step, 'revert-failed', { durationMs: clock.monotonicMs() - startedMs, error: report })
    return report
  }
  await log.record(step, 'revert-succeeded', { durationMs: clock.monotonicMs() - startedMs })
  return null
}

/** The old release has to answer its checks again, where it was disturbed at all. */
async function checkOldReleases(
  plan: Plan,
  begun: readonly Step[],
  deps: PerformDeps,
): Promise<readonly Failure[]> {
  const place = (service: string | null, host: string | null): string => `${service ?? ''}@${host ?? ''}`
  const disturbed = new Set(
    begun.filter((step) => disturbing.has(step.apply.verb)).map((step) => place(step.service, step.host)),
  )
  const checks = plan.afterUnwind.flatMap((operation) => {
    if (operation.verb !== 'check') return []
    const { service = null, host = null } = plan.instances[operation.instances[0] ?? ''] ?? {}
    return disturbed.has(place(service, host)) ? [{ operation, service }] : []
  })
  const failures = await Promise.all(
    checks.map(async ({ operation, service }): Promise<readonly Failure[]> => {
      const step = { id: `${service ?? 'deployment'}/check-after-unwind`, timeoutMs: longestCheckMs }
      try {
        await perform(operation, step, deps, new AbortController().signal)
        return []
      } catch (error) {
        return [{ step: null, service, error: reportOf(error) }]
      }
    }),
  )
  return failures.flat()
}
