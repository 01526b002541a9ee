/** The contract of a notifier. Whatever it does, the deployment's outcome is the same. */
import type { DriverSpec } from './spec.js'
import type { ErrorReport } from '../base/deploy-error.js'
import type { JsonSchema } from './schema.js'
import type { NotificationEvent } from './config.js'
import type { PlanCommand } from './plan.js'
import type { Ports } from './ports.js'

export interface Notification {
  readonly event: NotificationEvent
  readonly project: string
  readonly environment: string
  /** Null for what is told beside deployments: drift, a release that is there, an end of an outage. */
  readonly deployment: string | null
  readonly command: PlanCommand
  readonly by: string
  readonly host: string
  readonly at: string
  readonly durationMs: number | null
  readonly services: readonly {
    readonly service: string
    readonly before: string | null
    readonly after: string | null
    readonly outcome: 'applied' | 'unwound' | 'stuck' | null
  }[]
  readonly failure: ErrorReport | null
  /** What is told beside deployments, in a sentence. */
  readonly note?: string
}

/**
 * The cause of a NOTIFY_FAILED when the other side said whether, or after what time, another try is worth it.
 * Repeating is the caller's, so this is how a driver tells it.
 */
export class DeliveryRefused extends Error {
  override readonly name = 'DeliveryRefused'
  readonly retry: 'later' | 'never'
  readonly retryAfterMs: number | null

  constructor(message: string, retry: 'later' | 'never', retryAfterMs: number | null = null) {
    super(message)
    this.retry = retry
    this.retryAfterMs = retryAfterMs
  }
}

export interface Notifier {
  /**
   * Delivers once; time limits and repeats are the caller's. Throws DeployError NOTIFY_FAILED when it could not, and
   * one with another code (SECRET_MISSING, COMMAND_NOT_FOUND …) when it never can. No message holds a secret address.
   */
  notify(notification: Notification, signal: AbortSignal): Promise<void>
}

export interface NotifierDriver {
  readonly type: string
  readonly schema: JsonSchema
  create(options: DriverSpec, ports: Ports): Notifier
}
