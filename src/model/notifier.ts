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
  readonly deployment: string
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
}

export interface Notifier {
  /** Delivers once; throws when it could not. Time limits and repeats are the caller's. */
  notify(notification: Notification, signal: AbortSignal): Promise<void>
}

export interface NotifierDriver {
  readonly type: string
  readonly schema: JsonSchema
  create(options: DriverSpec, ports: Ports): Notifier
}
