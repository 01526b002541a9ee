/** Runs the `onFailure` hooks once a failed deployment has been undone. They report; they change nothing. */
import { reportOf } from '../base/deploy-error.js'
import type { Emit } from '../model/event.js'
import type { Failure, Outcome } from '../model/outcome.js'
import type { Plan } from '../model/plan.js'
import { createPerformers } from '../execute/performers.js'
import { within } from '../execute/within.js'
import type { World } from './world.js'

export async function runFailureHooks(
  world: World,
  plan: Plan,
  outcome: Outcome,
  deployment: string,
  emit: Emit,
): Promise<readonly Failure[]> {
  const performers = createPerformers(plan, world)
  const failures: Failure[] = []
  for (const { hook, timeoutMs } of plan.onFailure) {
    const concerned = hook.service === null || outcome.services[hook.service] !== 'applied'
    if (!concerned) continue
    const step = `${hook.service ?? 'deployment'}/hook:${hook.hook}`
    try {
      await within(timeoutMs, new AbortController().signal, world.clock, step, (signal) =>
        performers.hook(hook, {
          signal,
          deployment,
          step,
          onApproval: () => Promise.resolve(),
          onProgress: () => undefined,
          onLine: (line) => emit({ type: 'step-output', at: world.clock.now().toISOString(), step, line }),
          onChild: () => Promise.resolve(),
        }),
      )
    } catch (error) {
      failures.push({ step, service: hook.service, error: reportOf(error) })
    }
  }
  return failures
}
