/** What Prometheus gets: the counters of the loop, and gauges of the state as it is at that moment. */
import type { Pause } from '../../model/agent.js'
import { holdsOf } from '../../model/state.js'
import { freezeOf } from '../freezes.js'
import { readState } from '../read-state.js'
import type { AgentContext } from './agent-context.js'
import { restartsOf } from './restarts.js'

export async function metricsText(
  { world, metrics, outbox }: AgentContext,
  agent: { readonly version: string; readonly pause: Pause | null; readonly lastPoll: Date | null },
): Promise<string> {
  const state = await readState(world)
  metrics.set('deployctl_info', { version: agent.version }, 1)
  metrics.clear('deployctl_held_releases')
  metrics.clear('deployctl_release_info')
  for (const service of new Set([
    ...Object.keys(world.config.services),
    ...Object.keys(state?.services ?? {}),
  ])) {
    metrics.set('deployctl_held_releases', { service }, holdsOf(state, service).length)
    const release = state?.services[service]?.active.release
    if (release !== undefined) {
      const { version, digest } = release
      metrics.set('deployctl_release_info', { service, version, digest }, 1)
    }
  }
  metrics.clear('deployctl_process_restarts')
  for (const [service, restarts] of await restartsOf(world, state))
    metrics.set('deployctl_process_restarts', { service }, restarts)
  metrics.set('deployctl_paused', {}, agent.pause === null ? 0 : 1)
  metrics.set('deployctl_frozen', {}, freezeOf(state, world.clock.now()) === null ? 0 : 1)
  metrics.set('deployctl_undelivered_notifications', {}, outbox.waiting())
  if (agent.lastPoll !== null) {
    metrics.set('deployctl_last_poll_timestamp_seconds', {}, Math.floor(agent.lastPoll.getTime() / 1000))
  }
  return metrics.text()
}
