/** Every kind of target. A new one is a file beside this and a line below. */
import type { TargetDriver } from '../../model/target.js'
import { directoryDriver } from './directory.js'

export const targetDrivers = { directory: directoryDriver } as const satisfies Record<string, TargetDriver>
