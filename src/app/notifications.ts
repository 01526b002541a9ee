/** Tells the notifiers of a deployment's beginning and end. What they do changes nothing; what they miss is said. */
import type { NotificationEvent } from '../model/config.js'
import type { Notification } from '../model/notifier.js'
import type { Outcome } from '../model/outcome.js'
import type { Plan } from '../model/plan.js'
import { createAnnouncer } from './announce.js'
import { serviceRows, type DeploymentIdentity } from './history-record.js'
import type { World } from './world.js'

export interface Telling {
  started(): void
  ended(outcome: Outcome): void
  /** Waits for the deliveries; answers, in sentences, those that failed. */
  settle(): Promise<readonly string[]>
}

export function notificationsOf(world: World, plan: Plan, identity: DeploymentIdentity): Telling {
  const listeners = world.config.notifiers.map(({ name, events, driver }) => ({
    name,
    events,
    notifier: world.notifier(driver),
  }))
  const announcer = createAnnouncer(listeners, { clock: world.clock, random: () => world.random() })
  const announce = (event: NotificationEvent, outcome: Outcome | null): void => {
    const { deployment, by, host } = identity
    const { project, environment, command } = plan
    const notification: Notification = {
      event,
      project,
      environment,
      deployment,
      command,
      by,
      host,
      at: world.clock.now().toISOString(),
      durationMs: outcome === null ? null : Math.round(outcome.durationMs),
      services: serviceRows(plan, outcome ?? { services: {} }).map(
        ({ service, before, after, outcome: ended }) => {
          return { service, before, after, outcome: outcome === null ? null : ended }
        },
      ),
      failure: outcome?.stuck[0]?.error ?? outcome?.failures[0]?.error ?? null,
    }
    announcer.announce(world.secrets.maskAll(notification))
  }
  return {
    started: () => announce('started', null),
    ended: (outcome) => announce(endEvent(outcome, plan), outcome),
    async settle() {
      const missed = await announcer.settle()
      return missed.map(({ notifier, error }) => `notifier "${notifier}" was not told: ${error.message}`)
    },
  }
}

function endEvent(outcome: Outcome, plan: Plan): NotificationEvent {
  if (outcome.kind === 'stuck') return 'stuck'
  if (outcome.kind === 'unwound') return 'failed'
  return plan.command === 'rollback' ? 'rolledBack' : 'succeeded'
}
