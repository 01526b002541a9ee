/**
 * What receivers outside get to read: the notification as versioned JSON, with a sentence for people. One form for
 * webhooks and commands, so that a receiver is written once. Fields are added, never renamed, within a format.
 */
import type { Notification } from '../../model/notifier.js'
import { summaryOf } from './summary.js'

export interface NotificationBody extends Notification {
  readonly type: 'deployctl-notification'
  readonly format: 1
  /** One line for people: `shop was not deployed to production`. */
  readonly summary: string
}

export function notificationBody(notification: Notification): NotificationBody {
  return { type: 'deployctl-notification', format: 1, summary: summaryOf(notification), ...notification }
}
