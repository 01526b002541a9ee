/** What the parts of a running agent share. */
import type { NotificationEvent } from '../../model/config.js'
import type { Decision } from '../../model/agent.js'
import type { ErrorReport } from '../../base/deploy-error.js'
import type { DeploymentEvent } from '../../model/event.js'
import type { StepEvent } from '../../model/journal.js'
import type { Notification } from '../../model/notifier.js'
import type { Execution } from '../requests.js'
import { whoIs } from '../under-lock.js'
import type { World } from '../world.js'
import type { Logbook } from './logbook.js'
import type { Metrics } from './metrics.js'
import type { Outbox } from './outbox.js'
import type { RunningView } from './running-view.js'
import type { SaidOnce } from './said-once.js'
import type { Setbacks } from './setbacks.js'
import type { HeldSlot } from './waves/held-slot.js'
import type { Waves } from './waves/waves.js'

export interface AgentContext {
  readonly world: World
  readonly book: Logbook
  readonly outbox: Outbox
  readonly metrics: Metrics
  readonly said: SaidOnce
  readonly setbacks: Setbacks
  readonly running: RunningView
  /** Null: this agent asks no others. */
  readonly waves: Waves | null
  /** Services of which it was last seen that all is as recorded. */
  readonly sound: Set<string>
  /** The newest about each service. */
  readonly decisions: Map<string, Decision>
  readonly signal: AbortSignal
}

/** Tells the notifiers of something that is no deployment. */
export function tellOf(
  { world, outbox }: AgentContext,
  event: NotificationEvent,
  note: string,
  more: { readonly services?: Notification['services']; readonly failure?: ErrorReport } = {},
): void {
  const { project, environment } = world.config
  const notification: Notification = {
    event,
    project,
    environment,
    deployment: null,
    command: 'apply',
    by: whoIs(world),
    host: world.machine.hostName,
    at: world.clock.now().toISOString(),
    durationMs: null,
    services: more.services ?? [],
    failure: more.failure ?? null,
    note,
  }
  outbox.add(world.secrets.maskAll(notification))
}

/** How the agent carries out what a person would have asked for: without a question, and telling as it goes. */
export function executionOf(
  context: AgentContext,
  own: Pick<Execution, 'confirm'> & {
    readonly muted: ReadonlySet<NotificationEvent>
    readonly slot: HeldSlot | null
  },
): Execution {
  const { book, outbox, running } = context
  return {
    asks: true,
    confirm: own.confirm,
    allow: [],
    lockWaitMs: 0,
    emit: (event) => {
      own.slot?.verify()
      running.hear(event)
      logEvent(context, event)
    },
    notice: (message) => book.log('warn', message),
    tell: (notification) => {
      if (!own.muted.has(notification.event)) outbox.add(notification)
    },
  }
}

function logEvent({ book, metrics, running }: AgentContext, event: DeploymentEvent): void {
  const deployment = running.now()?.deployment
  if (event.type === 'deployment-started') {
    book.log('info', 'a deployment begins', { deployment: event.deployment, steps: event.plan.steps.length })
  }
  if (event.type === 'step' && event.durationMs !== undefined) {
    const phase = event.event.startsWith('revert') ? 'undo' : (running.verbOf(event.step) ?? 'unknown')
    metrics.count('deployctl_phase_seconds_total', { phase }, event.durationMs / 1000)
    metrics.count('deployctl_phase_steps_total', { phase })
  }
  if (event.type === 'step') {
    const step = running.now()?.steps.find(({ id }) => id === event.step)
    const failed = event.event.endsWith('failed')
    book.log(failed ? 'error' : 'info', `${step?.title ?? event.step}: ${stepWords[event.event]}`, {
      event: event.event,
      deployment,
      ...(step?.service == null ? {} : { service: step.service }),
      ...(event.durationMs === undefined ? {} : { durationMs: Math.round(event.durationMs) }),
      ...(event.error === undefined ? {} : { error: event.error }),
    })
  }
  if (event.type === 'unwind-started') {
    book.log('warn', `undoing: ${event.cause.message}`, { deployment, services: event.services })
  }
  if (event.type === 'warning') book.log('warn', event.message, { deployment, error: event.error })
}

const stepWords: { readonly [E in StepEvent]: string } = {
  'apply-started': '…',
  'apply-succeeded': 'done',
  'apply-failed': 'failed',
  'revert-started': 'undoing',
  'revert-succeeded': 'undone',
  'revert-failed': 'could not be undone',
}
