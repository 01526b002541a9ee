/** Every kind of notifier. A new one is a file beside this and a line below. */
import type { NotifierDriver } from '../../model/notifier.js'

export const notifierDrivers = {} as const satisfies Record<string, NotifierDriver>
