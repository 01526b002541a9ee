/** Every kind of notifier. A new one is a file beside this and a line below. */
import type { NotifierDriver } from '../../model/notifier.js'
import { commandNotifier } from './command-notifier.js'
import { slackNotifier } from './slack-notifier.js'
import { webhookNotifier } from './webhook-notifier.js'

export const notifierDrivers = {
  webhook: webhookNotifier,
  slack: slackNotifier,
  command: commandNotifier,
} as const satisfies Record<string, NotifierDriver>
