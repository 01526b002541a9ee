/** Every kind of target. A new one is a file beside this and a line below. */
import type { TargetDriver } from '../../model/target.js'

export const targetDrivers = {} as const satisfies Record<string, TargetDriver>
