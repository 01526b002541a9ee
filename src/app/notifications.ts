/** Tells the notifiers of a deployment's course and end. What they do changes nothing; what they miss is said. */
import type { NotificationEvent } from '../model/config.js'
import type { DeploymentEvent } from '../model/event.js'
import type { Notification } from '../model/notifier.js'
import type { Verb } from '../model/operation.js'
import type { Outcome } from '../model/outcome.js'
import type { Plan } from '../model/plan.js'
import { createAnnouncer, type Listener } from './announce.js'
import { serviceRows, type DeploymentIdentity } from './history-record.js'
import type { World } from './world.js'

export interface Telling {
  started(): void
  /** Listens to the deployment, for what is told on the way. */
  hear(event: DeploymentEvent): void
  ended(outcome: Outcome): void
  /** Waits for the deliveries; answers, in sentences, those that failed. */
  settle(): Promise<readonly string[]>
}

/** Told once, when the last step of this verb has succeeded. */
const milestones: { readonly [V in Verb]?: NotificationEvent } = { stage: 'downloaded', route: 'switched' }

/** `tell`: somebody else delivers. */
export function notificationsOf(
  world: World,
  plan: Plan,
  identity: DeploymentIdentity,
  tell: ((notification: Notification) => void) | null,
): Telling {
  const announcer = createAnnouncer(tell === null ? listenersOf(world) : [], {
    clock: world.clock,
    random: () => world.random(),
  })
  const announce = (event: NotificationEvent, outcome: Outcome | null, note?: string): void => {
    const told = notificationOf(world, plan, identity, event, outcome)
    const notification = world.secrets.maskAll(note === undefined ? told : { ...told, note })
    if (tell === null) announcer.announce(notification)
    else tell(notification)
  }
  const open = new Map<string, NotificationEvent>()
  const answer = `deployctl approve ${identity.deployment} --env ${plan.environment}`
  const waits = new Map(
    plan.steps.flatMap(({ id, title, apply }) =>
      apply.verb === 'pause' ? [[id, `${title}: ${answer}`] as const] : [],
    ),
  )
  for (const { id, apply } of plan.steps) {
    const event = milestones[apply.verb]
    if (event !== undefined) open.set(id, event)
  }
  return {
    started: () => announce('started', null),
    hear(heard) {
      if (heard.type !== 'step') return
      if (heard.event === 'apply-started' && waits.has(heard.step))
        announce('waiting', null, waits.get(heard.step))
      if (heard.event !== 'apply-succeeded') return
      const event = open.get(heard.step)
      open.delete(heard.step)
      if (event !== undefined && ![...open.values()].includes(event)) announce(event, null)
    },
    ended: (outcome) => announce(endEvent(outcome, plan), outcome),
    async settle() {
      const missed = await announcer.settle()
      return missed.map(({ notifier, error }) => `notifier "${notifier}" was not told: ${error.message}`)
    },
  }
}

export function listenersOf(world: World): readonly Listener[] {
  return world.config.notifiers.map(({ name, events, driver }) => ({
    name,
    events,
    notifier: world.notifier(driver),
  }))
}

function notificationOf(
  world: World,
  plan: Plan,
  { deployment, by, host }: DeploymentIdentity,
  event: NotificationEvent,
  outcome: Outcome | null,
): Notification {
  const { project, environment, command } = plan
  return {
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
}

function endEvent(outcome: Outcome, plan: Plan): NotificationEvent {
  if (outcome.kind === 'stuck') return 'stuck'
  if (outcome.kind === 'unwound') return 'failed'
  return plan.command === 'rollback' ? 'rolledBack' : 'succeeded'
}
